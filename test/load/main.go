// Command load measures what Gatehouse costs a write. Straight to the webhook: the same
// review to one that allows everything and to Gatehouse, in a closed and in an open loop.
// Through the API server: the same dry run with nothing in front, and with webhooks that allow
// everything, rules in CEL, or Gatehouse. Both sides of a case take turns within one run, so
// that the ratio holds on a loaded machine too.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"

	"gatehouse.dev/gatehouse/test/drive"
	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/test/local"
	"gatehouse.dev/gatehouse/test/rivals"
)

const usage = `Usage: load [flags]

Starts a local cluster (or uses a running one) and compares, in turns, p50, p99 and rate:

  straight: a review sent to webhooks over TLS and HTTP/1.1; the floor is one that decodes it
  and allows everything (mutating adds one annotation), a process of its own; Gatehouse has all
  that is built in. Closed loop: each connection sends its next review when it has an answer.
  Open loop: reviews are due by a schedule, half as many a second as that side answered in the
  closed loop just before, and latencies count from when they were due. Servers are kept on
  core 0, the generator on core 1.
  overload: ten times what the webhook can decide, by a schedule, from one tenant over 64, 600 and
  1,800 connections, while another one, a process of its own, sends 100 reviews a second; medians
  of five rounds of capacity, quiet and flood; then sixteen reviews of 3 MiB at once
  through: a dry run; "without" is the platform admin in a namespace of nobody's, "with" is
  what the case names, Gatehouse as alice, logged in by OIDC, in her namespace

Then prints the memory of each process. --record appends the figures to a file as Go benchmark
lines, six samples a case.

Examples:
  go run ./test/load
  go run ./test/load --parts straight --for 500ms --clients 1,8
  go run ./test/load --state .local --parts through -n 2000 --clients 1,8 -o json

  git checkout OLD; go run ./test/load --record /tmp/old.txt
  git checkout NEW; go run ./test/load --record /tmp/new.txt
  benchstat /tmp/old.txt /tmp/new.txt
  benchstat -col /side /tmp/new.txt

Flags:
`

type options struct {
	state, launcher, output, clients, parts, record string

	requests int
	length   time.Duration
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// others are what this program also is, each in a process of its own: webhooks, and a sender.
var others = map[string]func(context.Context, io.Writer) error{floor.Verb: floor.Serve, rivals.Verb: rivals.Serve,
	drive.Verb: func(ctx context.Context, stdout io.Writer) error { return drive.Errand(ctx, os.Stdin, stdout) }}

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
	flags.StringVar(&o.parts, "parts", "straight,overload,through", "`LIST` of what to measure")
	flags.DurationVar(&o.length, "for", time.Second, "straight: how long a case, side and loop; overload: a round's capacity, quiet and flood")
	flags.IntVar(&o.requests, "n", 300, "through: requests a case and side")
	flags.StringVar(&o.clients, "clients", "1,8,64", "numbers of clients, or connections, at once")
	flags.StringVar(&o.record, "record", "", "`FILE` to append Go benchmark lines to, for benchstat")
	flags.StringVar(&o.output, "o", "table", "table or json")
	if serve, asked := others[strings.Join(args, " ")]; asked {
		if err := serve(ctx, stdout); err != nil {
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
	if err != nil || flags.NArg() > 0 || o.requests < 1 || o.length < 10*time.Millisecond || !o.has(straightPart) && !o.has(overloadPart) && !o.has(throughPart) || (o.output != "table" && o.output != "json") {
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
	return fmt.Errorf("-n %d must be positive, --for %s at least 10ms, --parts %q of straight, overload and through, -o %q must be table or json, --clients %q a list of numbers", o.requests, o.length, o.parts, o.output, o.clients)
}

func measure(ctx context.Context, o options, concurrency []int, stdout, stderr io.Writer) (err error) {
	c, err := local.Open(ctx, local.Options{State: o.state, Launcher: o.launcher}, stderr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, c.Close(ctx)) }()
	at, err := floor.Start(ctx, floor.Verb)
	if err != nil {
		return err
	}
	defer at.Stop()
	fifteen, err := floor.Start(ctx, rivals.Verb)
	if err != nil {
		return err
	}
	defer fifteen.Stop()
	var f figures
	if o.has(throughPart) {
		if f.Writes, err = through(ctx, c, at.Address, fifteen.Address, concurrency, o.requests, stderr); err != nil {
			return err
		}
	}
	if o.has(straightPart) || o.has(overloadPart) {
		if err := f.measureStraight(ctx, c, at, fifteen, o, concurrency, stderr); err != nil {
			return err
		}
	}
	if f.Processes, err = c.Processes(ctx); err != nil {
		return err
	}
	if o.record != "" {
		if err := f.record(o.record); err != nil {
			return err
		}
	}
	return f.print(stdout, o.output)
}

// measureStraight measures what needs no API server.
func (f *figures) measureStraight(ctx context.Context, c *local.Cluster, at, fifteen *floor.Process, o options, concurrency []int, stderr io.Writer) error {
	webhook, err := c.PID("webhook-0")
	if err != nil {
		return err
	}
	defer local.PinApart(ctx, stderr, webhook, at.PID, fifteen.PID)()
	all, err := duels(ctx, c, at.Address, fifteen.Address)
	if err != nil {
		return err
	}
	if o.has(straightPart) {
		f.Straight = straight(ctx, all, concurrency, o.length, stderr)
	}
	if o.has(overloadPart) {
		f.Overload, err = overload(ctx, all, webhook, o.length, stderr)
	}
	return err
}

// The parts of --parts.
const (
	straightPart = "straight"
	overloadPart = "overload"
	throughPart  = "through"
)

func (o options) has(part string) bool {
	return slices.Contains(strings.Split(o.parts, ","), part)
}
