// Command load measures what Gatehouse costs a write. Straight to the webhook: the same
// review to one that allows everything and to Gatehouse. Through the API server: the same dry
// run with nothing in front, and with webhooks that allow everything, rules in CEL, or
// Gatehouse. Both sides of a case take turns within one run, so that the ratio holds on a
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

	"k8s.io/client-go/kubernetes"

	"gatehouse.dev/gatehouse/test/local"
)

const usage = `Usage: load [flags]

Starts a local cluster (or uses a running one) and compares, in turns, p50, p99 and rate:

  straight: a review sent to webhooks over TLS and HTTP/1.1; "without" is one that decodes it
  and allows everything, a process of its own, "with" is Gatehouse with all that is built in
  through: a dry run; "without" is the platform admin in a namespace of nobody's, "with" is
  what the case names, Gatehouse as alice, logged in by OIDC, in her namespace

Then prints the memory of each process.

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
	flags.StringVar(&o.clients, "clients", "1,8,64", "numbers of clients at once")
	flags.StringVar(&o.output, "o", "table", "table or json")
	if len(args) == 1 && args[0] == floor {
		if err := serveFloor(ctx, stdout); err != nil {
			_, _ = fmt.Fprintln(stderr, "load:", err)
			return 1
		}
		return 0
	}
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

// cases are those straight to the webhook and those through the API server.
func cases(ctx context.Context, c *local.Cluster, at address) ([]pair, error) {
	admin, err := c.As("admin")
	if err != nil {
		return nil, err
	}
	kube, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return nil, fmt.Errorf("client of admin: %w", err)
	}
	if err := rivals(ctx, kube, at); err != nil {
		return nil, err
	}
	pairs, err := straight(ctx, c, at)
	if err != nil {
		return nil, err
	}
	through, err := writes(ctx, c)
	return append(pairs, through...), err
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
	at, stop, err := startFloor(ctx)
	if err != nil {
		return err
	}
	defer stop()
	pairs, err := cases(ctx, c, at)
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
