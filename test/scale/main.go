// Command scale measures a local cluster with many in it: 500 sessions of 100 users at once,
// none of whom passes her limit, to their end; and a thousand tenants made from nothing.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

const usage = `Usage: scale [flags]

Does two things, each on a local cluster of its own with three webhooks and one provisioner
(or on a running one), and says what they took.

Sessions: makes organizations and tenants, lets user after user fill her limit of concurrent
sessions on full nodes and ask for one more until all are there at once, then makes room and
waits until all have run to their end. With --kill the provisioner and every webhook are
killed and started again, once in the middle of the admissions and once while sessions run.
Prints what the API server measured of every kind of call. Fails when a limit was passed, when a session was lost or run twice, or when p95 of a
kind of call is 2 seconds or more.

Provisioning: makes 20 tenants, one a second; then as many as --provision says, as fast as
they are admitted, 50 in an organization; then 20 slowly again. Prints how long it took until
all were Ready, how long a Tenant waited for that, which calls that write there were for each
and the memory. Fails when a Tenant is not Ready in five times the time that it should take.

Examples:
  go run ./test/scale --users 100 --sessions 5 --provision 0
  go run ./test/scale --users 0 --provision 1000

Flags:
`

type options struct {
	state, launcher                string
	users, sessions, organizations int
	over                           time.Duration
	kill                           bool
	provision, clients             int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("scale", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.state, "state", "", "`FOLDER` of a running cluster; empty starts one and ends it")
	flags.StringVar(&o.launcher, "launcher", "bin/cluster", "the cluster's launcher")
	flags.IntVar(&o.users, "users", 100, "tenants with sessions; 0 runs none")
	flags.IntVar(&o.sessions, "sessions", 5, "concurrent sessions of each")
	flags.IntVar(&o.organizations, "organizations", 10, "organizations that the tenants are spread over")
	flags.DurationVar(&o.over, "over", time.Minute, "how long it takes until the last user has come; 0 lets all come in one moment")
	flags.BoolVar(&o.kill, "kill", true, "kill the provisioner and every webhook in the middle")
	flags.IntVar(&o.provision, "provision", 1000, "tenants to make from nothing; 0 makes none")
	flags.IntVar(&o.clients, "clients", 16, "who create tenants at once")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || flags.NArg() > 0 || min(o.sessions, o.organizations, o.clients) < 1 || min(o.users, o.provision) < 0:
		_, _ = fmt.Fprintln(stderr, "scale: wrong use; see --help")
		return 2
	}
	if err := measure(ctx, o, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "scale:", err)
		return 1
	}
	return 0
}
