package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// round is how many requests go to one side before it is the other's turn.
const round = 50

// latencies of one side.
type latencies struct {
	each []time.Duration
	took time.Duration
}

// quantile of the latencies, in milliseconds.
func (l *latencies) quantile(q float64) float64 {
	slices.Sort(l.each)
	i := min(int(q*float64(len(l.each))), len(l.each)-1)
	return float64(l.each[i].Microseconds()) / 1000
}

// rate in requests a second.
func (l *latencies) rate() float64 { return float64(len(l.each)) / l.took.Seconds() }

// row is one case: milliseconds and requests a second.
type row struct {
	Name        string  `json:"name"`
	Clients     int     `json:"clients"`
	P50Without  float64 `json:"p50WithoutMS"`
	P50With     float64 `json:"p50WithMS"`
	P50Ratio    float64 `json:"p50Ratio"`
	P99Without  float64 `json:"p99WithoutMS"`
	P99With     float64 `json:"p99WithMS"`
	P99Ratio    float64 `json:"p99Ratio"`
	RateWithout float64 `json:"perSecondWithout"`
	RateWith    float64 `json:"perSecondWith"`

	without, with latencies
}

// compare sends n requests to either side, a round each in turn, after one round that
// is not counted.
func compare(ctx context.Context, p pair, clients, n int) (row, error) {
	var without, with, warm latencies
	if err := errors.Join(warm.send(ctx, p.without, clients, round), warm.send(ctx, p.with, clients, round)); err != nil {
		return row{}, err
	}
	for sent := 0; sent < n; sent += round {
		if err := errors.Join(without.send(ctx, p.without, clients, round), with.send(ctx, p.with, clients, round)); err != nil {
			return row{}, err
		}
	}
	r := row{
		Name: p.name, Clients: clients,
		P50Without: without.quantile(.5), P50With: with.quantile(.5),
		P99Without: without.quantile(.99), P99With: with.quantile(.99),
		RateWithout: without.rate(), RateWith: with.rate(),
	}
	r.without, r.with = without, with
	r.P50Ratio, r.P99Ratio = r.P50With/r.P50Without, r.P99With/r.P99Without
	return r, nil
}

// send makes n requests by so many clients at once.
func (l *latencies) send(ctx context.Context, s side, clients, n int) error {
	work := make(chan struct{}, n)
	for range n {
		work <- struct{}{}
	}
	close(work)
	var (
		mu     sync.Mutex
		failed error
		all    sync.WaitGroup
	)
	began := time.Now()
	for range clients {
		all.Go(func() {
			for range work {
				sent := time.Now()
				err := s(ctx)
				took := time.Since(sent)
				mu.Lock()
				l.each = append(l.each, took)
				if err != nil && failed == nil {
					failed = err
				}
				mu.Unlock()
				if err != nil {
					return
				}
			}
		})
	}
	all.Wait()
	l.took += time.Since(began)
	return failed
}

// numbers reads a list such as 1,8.
func numbers(list string) ([]int, error) {
	var all []int
	for _, word := range strings.Split(list, ",") {
		n, err := strconv.Atoi(strings.TrimSpace(word))
		if err != nil || n < 1 {
			return nil, fmt.Errorf("%q is no number of clients", word)
		}
		all = append(all, n)
	}
	return all, nil
}
