package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"gatehouse.dev/gatehouse/test/drive"
	"gatehouse.dev/gatehouse/test/local"
)

// tenfold is how many times its capacity the webhook is sent.
const tenfold = 10

// rounds are how often capacity, quiet and flood are measured in turns: what is said is the median
// of them, so that a disturbance of the machine's decides nothing.
const rounds = 5

// honestRate is how many reviews a second another tenant sends.
const honestRate = 100

// overloaded is what becomes of the webhook when more comes than it can decide: latencies in
// milliseconds, reviews a second, memory in bytes.
type overloaded struct {
	Cases     []excess `json:"cases"`
	LargeHeld uint64   `json:"largeReviewsPeakBytes"`
	Large     answered `json:"largeReviews"`
}

// excess is one kind of overload: medians of its rounds.
type excess struct {
	Name        string `json:"name"`
	Connections int    `json:"connections"`
	// Capacity is the rate of a closed loop over 64 connections just before.
	Capacity float64 `json:"capacityPerSecond"`
	// Others are the reviews of all rounds.
	Others answered `json:"theirs"`
	// Goodput is what is allowed a second, as a share of the capacity.
	Goodput float64 `json:"goodput"`
	// Quiet is the p99 of one of another tenant when nobody else sends, Honest meanwhile, and
	// HonestRatio the one to the other, of each round.
	Quiet       float64 `json:"quietP99MS"`
	Honest      float64 `json:"honestP99MS"`
	HonestRatio float64 `json:"honestRatio"`
	// HonestFailed is how many of that one's reviews were not allowed, of all rounds.
	HonestFailed int    `json:"honestNotAllowed"`
	Peak         uint64 `json:"peakBytes"`
	// Recovered is when, after it, half of the capacity is answered as it was before: in seconds,
	// the longest of all rounds.
	Recovered float64 `json:"recoveredSeconds"`

	Rounds []trial `json:"rounds"`
}

// trial is one round of an excess, with the same meanings.
type trial struct {
	Capacity  float64 `json:"capacityPerSecond"`
	Goodput   float64 `json:"goodput"`
	Quiet     float64 `json:"quietP99MS"`
	Honest    float64 `json:"honestP99MS"`
	Failed    int     `json:"honestNotAllowed"`
	Recovered float64 `json:"recoveredSeconds"`
}

// answered counts what became of reviews.
type answered struct {
	Due     int            `json:"due"`
	Allowed int            `json:"allowed"`
	Retry   int            `json:"retry"`
	Unsent  int            `json:"unsent"`
	Failed  int            `json:"lateCutOrOther"`
	P50     float64        `json:"p50MS"`
	P99     float64        `json:"p99MS"`
	Why     map[string]int `json:"why,omitempty"`
}

func count(r drive.Result) answered {
	return answered{Due: r.Sent(), Allowed: len(r.Latencies), Retry: len(r.Retry), Unsent: r.Unsent, Failed: r.Late + r.Cut + r.Other,
		P50: milliseconds(drive.Quantile(r.Latencies, .5)), P99: milliseconds(drive.Quantile(r.Latencies, .99)), Why: r.Why}
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// overload sends mutating reviews of a small Pod, which wait for nobody but the webhook.
func overload(ctx context.Context, all []duel, webhook int, length time.Duration, stderr io.Writer) (*overloaded, error) {
	small, err := find(all, "mutate a small pod")
	if err != nil {
		return nil, err
	}
	small.Connections, small.For = 64, length
	drive.Closed(ctx, small) // does not count: connections and caches warm up
	honest := small
	if honest.Requests, err = each(small.Requests, bobs); err != nil {
		return nil, err
	}
	honest.Connections, honest.For = 8, max(length, 2*time.Second)
	o := &overloaded{}
	for _, connections := range []int{64, 600, 1800} {
		if err := local.ForgetPeak(webhook); err != nil {
			return nil, err
		}
		e := excess{Name: "of one tenant", Connections: connections}
		var theirs drive.Result
		for i := range rounds {
			_, _ = fmt.Fprintf(stderr, "overload: %d times the capacity %s, %d connections, round %d of %d ...\n", tenfold, e.Name, connections, i+1, rounds)
			r, err := flooded(ctx, small, honest, connections, &theirs)
			if err != nil {
				return nil, err
			}
			e.Rounds = append(e.Rounds, r)
		}
		e.Others = count(theirs)
		e.sum()
		if e.Peak, err = local.Peak(webhook); err != nil {
			return nil, err
		}
		o.Cases = append(o.Cases, e)
	}
	return o, o.large(ctx, all, webhook, length, stderr)
}

// flooded is one round: what can be answered, what another one sees in the quiet, and both in a flood,
// of which others has what became of its reviews.
func flooded(ctx context.Context, small, honest drive.Load, connections int, others *drive.Result) (trial, error) {
	r := trial{Capacity: drive.Closed(ctx, small).Rate()}
	half := small
	half.For, half.Lead = 250*time.Millisecond, 250*time.Millisecond
	usual := drive.Quantile(drive.Open(ctx, half, r.Capacity/2).Latencies, .5)
	quiet, err := drive.Apart(ctx, honest, honestRate)
	if err != nil {
		return r, err //nolint:wrapcheck // It says who.
	}
	if quiet.Failed() > 0 {
		return r, fmt.Errorf("bob's own reviews are not allowed: %v", quiet.Why)
	}
	r.Quiet = milliseconds(drive.Quantile(quiet.Latencies, .99))
	theirs := small
	// An API server turns away at once what it has no seat for.
	theirs.Patience = 50 * time.Millisecond
	theirs.Connections = connections
	theirs.For, theirs.Lead = honest.For, time.Second+time.Duration(connections)*time.Second/600
	honest.Lead = theirs.Lead
	var flood, meanwhile drive.Result
	var both sync.WaitGroup
	both.Go(func() { flood = drive.Open(ctx, theirs, tenfold*r.Capacity) })
	both.Go(func() { meanwhile, err = drive.Apart(ctx, honest, honestRate) })
	both.Wait()
	if err != nil {
		return r, err //nolint:wrapcheck // It says who.
	}
	others.Add(flood)
	r.Goodput = float64(len(flood.Latencies)+len(meanwhile.Latencies)) / flood.Took.Seconds() / r.Capacity
	r.Honest, r.Failed = milliseconds(drive.Quantile(meanwhile.Latencies, .99)), meanwhile.Failed()
	r.Recovered = recovery(ctx, half, r.Capacity/2, 2*usual).Seconds()
	return r, nil
}

// sum makes medians of the rounds.
func (e *excess) sum() {
	of := func(each func(trial) float64) float64 {
		var all []float64
		for _, r := range e.Rounds {
			all = append(all, each(r))
		}
		slices.Sort(all)
		return all[len(all)/2]
	}
	e.Capacity = of(func(r trial) float64 { return r.Capacity })
	e.Goodput = of(func(r trial) float64 { return r.Goodput })
	e.Quiet = of(func(r trial) float64 { return r.Quiet })
	e.Honest = of(func(r trial) float64 { return r.Honest })
	e.HonestRatio = of(func(r trial) float64 { return r.Honest / r.Quiet })
	for _, r := range e.Rounds {
		e.Recovered = max(e.Recovered, r.Recovered)
		e.HonestFailed += r.Failed
	}
}

// large sends sixteen reviews of 3 MiB at once, again and again.
func (o *overloaded) large(ctx context.Context, all []duel, webhook int, length time.Duration, stderr io.Writer) error {
	_, _ = fmt.Fprintln(stderr, "overload: sixteen reviews of 3 MiB at once ...")
	l, err := find(all, "mutate a config map of 200 KiB")
	if err != nil {
		return err
	}
	if l.Requests, err = each(l.Requests, func(r []byte) ([]byte, error) { return enlarged(r, 3<<20) }); err != nil {
		return err
	}
	if err := local.ForgetPeak(webhook); err != nil {
		return err
	}
	l.Connections, l.For = 16, max(3*length, 2*time.Second)
	o.Large = count(drive.Closed(ctx, l))
	o.LargeHeld, err = local.Peak(webhook)
	return err //nolint:wrapcheck // It names the process.
}

// recovery waits until a quarter of a second of a load is answered in full, half of it within a
// time; at most half a minute.
func recovery(ctx context.Context, l drive.Load, rate float64, within time.Duration) time.Duration {
	began := time.Now()
	for time.Since(began) < 30*time.Second && ctx.Err() == nil {
		at := time.Since(began)
		if r := drive.Open(ctx, l, rate); r.Failed() == 0 && drive.Quantile(r.Latencies, .5) <= within {
			return at
		}
	}
	return time.Since(began)
}

func find(all []duel, name string) (drive.Load, error) {
	i := slices.IndexFunc(all, func(d duel) bool { return d.name == name })
	if i < 0 {
		return drive.Load{}, fmt.Errorf("no review %q is known", name)
	}
	return all[i].ours, nil
}

func each(requests [][]byte, change func([]byte) ([]byte, error)) ([][]byte, error) {
	all := make([][]byte, len(requests))
	for i, r := range requests {
		var err error
		if all[i], err = change(r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// bobs is alice's request as bob's, about his namespace.
func bobs(request []byte) ([]byte, error) {
	return rewritten(request, func(body []byte) ([]byte, error) {
		return bytes.ReplaceAll(body, []byte("alice"), []byte("bob")), nil
	})
}

// enlarged gives a request's ConfigMap so many more bytes.
func enlarged(request []byte, size int) ([]byte, error) {
	return rewritten(request, func(body []byte) ([]byte, error) {
		const key = `"data":{`
		before, after, found := bytes.Cut(body, []byte(key))
		if !found {
			return nil, fmt.Errorf("a ConfigMap without data: %.200q", body)
		}
		return slices.Concat(before, []byte(key+`"more":"`+strings.Repeat("x", size)+`",`), after), nil
	})
}

// rewritten changes the body of a request as it goes over the wire.
func rewritten(request []byte, change func([]byte) ([]byte, error)) ([]byte, error) {
	const end = "\r\n\r\n"
	head, body, found := bytes.Cut(request, []byte(end))
	if !found {
		return nil, fmt.Errorf("a request without a body: %.40q", request)
	}
	length := fmt.Appendf(nil, "Content-Length: %d", len(body))
	body, err := change(body)
	if err != nil {
		return nil, err
	}
	head = bytes.Replace(head, length, fmt.Appendf(nil, "Content-Length: %d", len(body)), 1)
	return slices.Concat(head, []byte(end), body), nil
}
