package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"gatehouse.dev/gatehouse/test/drive"
)

// turns is how often either side has its turn in one case; each is a sample of its own where
// it is recorded; benchstat asks for six.
const turns = 6

// straightRow is one case: latencies in milliseconds, reviews a second.
type straightRow struct {
	Name        string       `json:"name"`
	Loop        string       `json:"loop"` // closed or open
	Connections int          `json:"connections"`
	Floor       straightSide `json:"floor"`
	Gatehouse   straightSide `json:"gatehouse"`
	P50Ratio    float64      `json:"p50Ratio"`
	P99Ratio    float64      `json:"p99Ratio"`
	RateRatio   float64      `json:"rateRatio"`
}

// straightSide is one side's figures.
type straightSide struct {
	P50    float64 `json:"p50MS"`
	P99    float64 `json:"p99MS"`
	Rate   float64 `json:"perSecond"`
	Failed int     `json:"failed"`
	// Why counts the answers that were no allow.
	Why map[string]int `json:"why,omitempty"`

	samples []drive.Result
}

// straight measures all duels, closed and then open: at half of the rate that the side itself
// had just before.
func straight(ctx context.Context, all []duel, connections []int, length time.Duration, stderr io.Writer) []straightRow {
	var rows []straightRow
	for _, n := range connections {
		for _, d := range all {
			_, _ = fmt.Fprintf(stderr, "straight: %s, %d connections ...\n", d.name, n)
			d.floor.Connections, d.ours.Connections = n, n
			d.floor.For, d.ours.For = length/turns, length/turns
			drive.Closed(ctx, d.floor)
			drive.Closed(ctx, d.ours) // neither counts: connections and caches warm up
			closed := takeTurns(d, n, "closed", func(l drive.Load, _ bool) drive.Result { return drive.Closed(ctx, l) })
			open := takeTurns(d, n, "open", func(l drive.Load, ours bool) drive.Result {
				rate := closed.Floor.Rate
				if ours {
					rate = closed.Gatehouse.Rate
				}
				return drive.Open(ctx, l, rate/2)
			})
			rows = append(rows, closed, open)
		}
	}
	return rows
}

func takeTurns(d duel, connections int, loop string, send func(l drive.Load, ours bool) drive.Result) straightRow {
	r := straightRow{Name: d.name, Loop: loop, Connections: connections}
	for range turns {
		r.Floor.samples = append(r.Floor.samples, send(d.floor, false))
		r.Gatehouse.samples = append(r.Gatehouse.samples, send(d.ours, true))
	}
	r.Floor.sum()
	r.Gatehouse.sum()
	r.P50Ratio, r.P99Ratio = r.Gatehouse.P50/r.Floor.P50, r.Gatehouse.P99/r.Floor.P99
	r.RateRatio = r.Gatehouse.Rate / r.Floor.Rate
	return r
}

func (s *straightSide) sum() {
	var all drive.Result
	for _, sample := range s.samples {
		all.Add(sample)
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	s.P50, s.P99 = ms(drive.Quantile(all.Latencies, .5)), ms(drive.Quantile(all.Latencies, .99))
	s.Rate, s.Failed, s.Why = all.Rate(), all.Failed(), all.Why
}
