// Command scale runs many users' sessions at once on the local cluster, to their end, and
// measures: 500 sessions of 100 users, none of whom passes her limit.
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

	"gatehouse.dev/gatehouse/test/local"
)

const usage = `Usage: scale [flags]

Starts a local cluster with three webhooks (or uses a running one), makes organizations and
tenants, lets user after user fill her limit of concurrent sessions on full nodes and ask
for one more until all are there at once, then makes room and waits until all have run to their end. With --kill the
provisioner and every webhook are killed in the middle and started again. Prints what the
API server measured of every kind of call. Fails when a limit was passed, when a session
was lost or run twice, or when p95 of a kind of call is 2 seconds or more.

Example:
  go run ./test/scale --users 100 --sessions 5

Flags:
`

type options struct {
	state, launcher                string
	users, sessions, organizations int
	over                           time.Duration
	kill                           bool
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
	flags.IntVar(&o.users, "users", 100, "tenants")
	flags.IntVar(&o.sessions, "sessions", 5, "concurrent sessions of each")
	flags.IntVar(&o.organizations, "organizations", 10, "organizations that the tenants are spread over")
	flags.DurationVar(&o.over, "over", time.Minute, "how long it takes until the last user has come; 0 lets all come in one moment")
	flags.BoolVar(&o.kill, "kill", true, "kill the provisioner and every webhook in the middle")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || flags.NArg() > 0 || min(o.users, o.sessions, o.organizations) < 1:
		_, _ = fmt.Fprintln(stderr, "scale: wrong use; see --help")
		return 2
	}
	if err := measure(ctx, o, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "scale:", err)
		return 1
	}
	return 0
}

func measure(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	c, err := local.Open(ctx, local.Options{State: o.state, Launcher: o.launcher, Env: []string{"REPLICAS=3", "REQUEST_TIMEOUT=10s"}}, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	p, err := newPlatform(c, o, stderr)
	if err != nil {
		return err
	}
	if err := p.prepare(ctx); err != nil {
		return err
	}
	before, err := p.calls(ctx)
	if err != nil {
		return err
	}
	r, err := p.play(ctx)
	if err != nil {
		return err
	}
	after, err := p.calls(ctx)
	if err != nil {
		return err
	}
	if r.processes, err = c.Processes(ctx); err != nil {
		return err
	}
	r.calls = after.since(before)
	r.print(stdout)
	return r.verdict()
}
