package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"slices"
	"text/tabwriter"

	"gatehouse.dev/gatehouse/test/local"
)

// figures of one run.
type figures struct {
	Straight  []straightRow   `json:"straight,omitempty"`
	Overload  *overloaded     `json:"overload,omitempty"`
	Writes    []row           `json:"writes,omitempty"`
	Processes []local.Process `json:"processes"`
}

func (f figures) print(w io.Writer, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(w)
		encoder.SetIndent("", "  ")
		if err := encoder.Encode(f); err != nil {
			return fmt.Errorf("print the figures: %w", err)
		}
		return nil
	}
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	f.printStraight(t)
	f.printOverload(t)
	f.printWrites(t)
	_, _ = fmt.Fprintln(t, "process\tmemory\t")
	for _, p := range f.Processes {
		_, _ = fmt.Fprintf(t, "%s\t%d MiB\t\n", p.Name, p.RSS>>20)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	return nil
}

func (f figures) printStraight(t io.Writer) {
	if len(f.Straight) == 0 {
		return
	}
	_, _ = fmt.Fprintln(t, "straight to the webhook\tconnections\tloop\tp50 floor\tGatehouse\tratio\tp99 floor\tGatehouse\tratio\ta second floor\tGatehouse\tratio\tnot allowed\t")
	for _, r := range f.Straight {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%s\t%.2f ms\t%.2f ms\t%.1f\t%.2f ms\t%.2f ms\t%.1f\t%.0f\t%.0f\t%.2f\t%d, %d\t\n", r.Name, r.Connections, r.Loop,
			r.Floor.P50, r.Gatehouse.P50, r.P50Ratio, r.Floor.P99, r.Gatehouse.P99, r.P99Ratio,
			r.Floor.Rate, r.Gatehouse.Rate, r.RateRatio, r.Floor.Failed, r.Gatehouse.Failed)
	}
	for _, r := range f.Straight {
		for _, text := range slices.Sorted(maps.Keys(r.Gatehouse.Why)) {
			_, _ = fmt.Fprintf(t, "%s\t%d\t%s\t%d: %.100q\t\n", r.Name, r.Connections, r.Loop, r.Gatehouse.Why[text], text)
		}
	}
	_, _ = fmt.Fprintln(t)
}

func (f figures) printOverload(t io.Writer) {
	o := f.Overload
	if o == nil {
		return
	}
	_, _ = fmt.Fprintln(t, "overload\tconnections\tdue\tallowed\t503\tnot sent\tother\tp50\tp99\tcapacity\tgoodput\tanother tenant's p99 quiet\tflood\tratio\tnot allowed\tpeak\trecovered\t")
	for _, e := range o.Cases {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%d\t%d\t%d\t%d\t%d\t%.0f ms\t%.0f ms\t%.0f\t%.0f %%\t%.2f ms\t%.2f ms\t%.1f\t%d\t%d MiB\t%.1f s\t\n", e.Name, e.Connections,
			e.Others.Due, e.Others.Allowed, e.Others.Retry, e.Others.Unsent, e.Others.Failed, e.Others.P50, e.Others.P99,
			e.Capacity, 100*e.Goodput, e.Quiet, e.Honest, e.HonestRatio, e.HonestFailed, e.Peak>>20, e.Recovered)
	}
	l := o.Large
	_, _ = fmt.Fprintf(t, "16 of 3 MiB\t16\t%d\t%d\t%d\t%d\t%d\t%.0f ms\t%.0f ms\t\t\t\t\t\t\t%d MiB\t\t\n", l.Due, l.Allowed, l.Retry, l.Unsent, l.Failed, l.P50, l.P99, o.LargeHeld>>20)
	for _, e := range append(o.Cases, excess{Name: "16 of 3 MiB", Others: l}) {
		for _, text := range slices.Sorted(maps.Keys(e.Others.Why)) {
			_, _ = fmt.Fprintf(t, "%s\t%d\t%d: %.100q\t\n", e.Name, e.Connections, e.Others.Why[text], text)
		}
	}
	_, _ = fmt.Fprintln(t)
}

func (f figures) printWrites(t io.Writer) {
	if len(f.Writes) == 0 {
		return
	}
	_, _ = fmt.Fprintln(t, "through the API server\tclients\tp50 without\twith\tratio\tp99 without\twith\tratio\ta second without\twith\t")
	for _, r := range f.Writes {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%.2f ms\t%.2f ms\t%.1f\t%.2f ms\t%.2f ms\t%.1f\t%.0f\t%.0f\t\n", r.Name, r.Clients,
			r.P50Without, r.P50With, r.P50Ratio, r.P99Without, r.P99With, r.P99Ratio, r.RateWithout, r.RateWith)
	}
	_, _ = fmt.Fprintln(t)
}
