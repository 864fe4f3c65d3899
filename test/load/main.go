// Command load measures what Gatehouse costs a write: each case is the same dry run with
// and without Gatehouse in front, in turns within one run, so that the ratio holds on a
// loaded machine too.
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

	"gatehouse.dev/gatehouse/test/local"
)

const usage = `Usage: load [flags]

Starts a local cluster (or uses a running one), sends every write as a dry run with and
without Gatehouse in front, in turns, and prints p50, p99 and their ratio, then the
memory of each process. "Without" is the platform admin in a namespace of nobody's,
"with" is alice, logged in by OIDC, in hers.

Examples:
  go run ./test/load
  go run ./test/load --state .local -n 2000 --clients 1,8 -o json

Flags:
`

type options struct {
	state, launcher, output, clients string

	requests int
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("load", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.state, "state", "", "`FOLDER` of a running cluster; empty starts one and ends it")
	flags.StringVar(&o.launcher, "launcher", "bin/cluster", "the cluster's launcher")
	flags.IntVar(&o.requests, "n", 1000, "requests a case and side")
	flags.StringVar(&o.clients, "clients", "1,8", "numbers of clients at once")
	flags.StringVar(&o.output, "o", "table", "table or json")
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil:
		return 2
	}
	concurrency, err := numbers(o.clients)
	if err != nil || flags.NArg() > 0 || o.requests < 1 || (o.output != "table" && o.output != "json") {
		_, _ = fmt.Fprintln(stderr, "load: wrong use; see --help:", errors.Join(err, misuse(o, flags.Args())))
		return 2
	}
	if err := measure(ctx, o, concurrency, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "load:", err)
		return 1
	}
	return 0
}

func misuse(o options, rest []string) error {
	if len(rest) > 0 {
		return fmt.Errorf("unexpected %q", rest)
	}
	return fmt.Errorf("-n %d must be positive, -o %q must be table or json, --clients %q a list of numbers", o.requests, o.output, o.clients)
}

func measure(ctx context.Context, o options, concurrency []int, stdout, stderr io.Writer) (err error) {
	c, err := local.Open(ctx, local.Options{State: o.state, Launcher: o.launcher}, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	pairs, err := writes(ctx, c)
	if err != nil {
		return err
	}
	var f figures
	for _, clients := range concurrency {
		for _, p := range pairs {
			_, _ = fmt.Fprintf(stderr, "%s, %d clients ...\n", p.name, clients)
			row, err := compare(ctx, p, clients, o.requests)
			if err != nil {
				return err
			}
			f.Writes = append(f.Writes, row)
		}
	}
	if f.Processes, err = c.Processes(ctx); err != nil {
		return err
	}
	return f.print(stdout, o.output)
}
