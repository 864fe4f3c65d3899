// Command reserve measures how many sessions a second get a place in a quota ledger, beside
// the same load against native ResourceQuota, in one run on one cluster.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/test/local"
)

const usage = `Usage: reserve [flags]

Starts a local cluster with three webhooks that runs no sessions, and creates sessions as fast
as they are admitted: through Gatehouse where no ResourceQuota counts them, and in plain
namespaces where a ResourceQuota does and Gatehouse does not look, also behind two webhooks
that allow everything: what calling anybody costs. One hot tenant; many
tenants in one organization; the same in twenty. Prints sessions a second, latencies of an
admitted create, demands and lost writes a batch, and how long the ledger's compare-and-swap
takes, quiet and while tenants' service accounts flood the API server. On standard error: which
calls the API server answered for each session.

Example:
  go run ./test/reserve --clients 32 --for 10s

Flags:
`

type options struct {
	launcher         string
	clients, tenants int
	each             time.Duration
	flooders         int
	only             string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	var o options
	flags := flag.NewFlagSet("reserve", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		_, _ = fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.StringVar(&o.launcher, "launcher", "bin/cluster", "the cluster's launcher")
	flags.IntVar(&o.clients, "clients", 32, "who create at once")
	flags.IntVar(&o.tenants, "tenants", 100, "tenants of the cases with many")
	flags.DurationVar(&o.each, "for", 10*time.Second, "how long each case is measured")
	flags.IntVar(&o.flooders, "flooders", 64, "service accounts' connections in the flood")
	flags.StringVar(&o.only, "only", "", "measure only cases whose name contains this")
	if len(args) == 1 && args[0] == floor.Verb {
		if err := floor.Serve(ctx, stdout); err != nil {
			_, _ = fmt.Fprintln(stderr, "reserve:", err)
			return 1
		}
		return 0
	}
	switch err := flags.Parse(args); {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case err != nil || flags.NArg() > 0 || min(o.clients, o.tenants, o.flooders) < 1:
		_, _ = fmt.Fprintln(stderr, "reserve: wrong use; see --help")
		return 2
	}
	if err := measure(ctx, o, stdout, stderr); err != nil {
		_, _ = fmt.Fprintln(stderr, "reserve:", err)
		return 1
	}
	return 0
}

func measure(ctx context.Context, o options, stdout, stderr io.Writer) (err error) {
	c, err := local.Open(ctx, local.Options{Launcher: o.launcher, Env: []string{"REPLICAS=3", "REQUEST_TIMEOUT=10s"}}, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	b, err := newBench(ctx, c, o, stderr)
	if err != nil {
		return err
	}
	webhooks, err := floor.Start(ctx, floor.Verb)
	if err != nil {
		return err
	}
	defer webhooks.Stop()
	if err := floor.Register(ctx, b.kube, webhooks.Address, &metav1.LabelSelector{MatchLabels: floored}); err != nil {
		return err
	}
	var rows []row
	for _, p := range b.cases() {
		if !strings.Contains(p.name, o.only) {
			continue
		}
		r, err := b.measure(ctx, p)
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		rows = append(rows, r)
	}
	print(stdout, rows)
	return flooded(rows)
}
