package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"gatehouse.dev/gatehouse/test/local"
)

// slowest is what p95 of every kind of call stays under, in seconds.
const slowest = 2.0

// result of one run.
type result struct {
	options
	// refused counts users whose one session too many was denied.
	refused int
	// admitted is when all were admitted, created when all had their Job, completed how
	// long all took from when there was room.
	admitted, created, completed time.Duration
	// peak is how many were live at a moment, peakOf of one tenant.
	peak, peakOf int
	jobs, runs   int
	calls        calls
	processes    []local.Process
}

func (r *result) all() int { return r.users * r.sessions }

func (r *result) print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "%d sessions of %d users in %d organizations, each with a limit of %d\n", r.all(), r.users, r.organizations, r.sessions)
	_, _ = fmt.Fprintf(w, "  users came over %s; admitted in %.1f s, all with a Job in %.1f s, completed %.1f s after there was room%s\n",
		r.over, r.admitted.Seconds(), r.created.Seconds(), r.completed.Seconds(), map[bool]string{true: ", every server of ours killed in the middle of the admissions and in between"}[r.kill])
	_, _ = fmt.Fprintf(w, "  live at one moment: %d, of one user %d; one more was denied to %d users\n", r.peak, r.peakOf, r.refused)
	_, _ = fmt.Fprintf(w, "  %d Jobs, %d runs\n\n", r.jobs, r.runs)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "call\tcount\tp50 below\tp95 below\t")
	for i, c := range r.calls.figures() {
		if i == 25 {
			break
		}
		_, _ = fmt.Fprintf(t, "%s\t%d\t%.3f s\t%.3f s\t\n", c.name, c.count, c.p50, c.p95)
	}
	_, _ = fmt.Fprintln(t)
	_, _ = fmt.Fprintln(t, "process\tmemory\t")
	for _, p := range r.processes {
		_, _ = fmt.Fprintf(t, "%s\t%d MiB\t\n", p.Name, p.RSS>>20)
	}
	_ = t.Flush()
}

// verdict says what was promised and not held.
func (r *result) verdict() error {
	var broken []error
	expect := func(ok bool, format string, values ...any) {
		if !ok {
			broken = append(broken, fmt.Errorf(format, values...))
		}
	}
	expect(r.peak == r.all(), "%d were live at once, want %d", r.peak, r.all())
	expect(r.peakOf == r.sessions, "a user had %d at once, limit %d", r.peakOf, r.sessions)
	expect(r.refused == r.users, "one more was denied to %d users, want %d", r.refused, r.users)
	expect(r.jobs == r.all() && r.runs == r.all(), "%d Jobs and %d runs, want %d of each", r.jobs, r.runs, r.all())
	for _, c := range r.calls.figures() {
		expect(c.p95 < slowest, "p95 of %s is %.3f s or less, want less than %.0f s", c.name, c.p95, slowest)
	}
	return errors.Join(broken...)
}
