package main

import (
	"encoding/json"
	"fmt"
	"io"
	"text/tabwriter"

	"gatehouse.dev/gatehouse/test/local"
)

// figures of one run.
type figures struct {
	Writes    []row           `json:"writes"`
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
	_, _ = fmt.Fprintln(t, "case\tclients\tp50 without\twith\tratio\tp99 without\twith\tratio\ta second without\twith\t")
	for _, r := range f.Writes {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%.2f ms\t%.2f ms\t%.1f\t%.2f ms\t%.2f ms\t%.1f\t%.0f\t%.0f\t\n", r.Name, r.Clients,
			r.P50Without, r.P50With, r.P50Ratio, r.P99Without, r.P99With, r.P99Ratio, r.RateWithout, r.RateWith)
	}
	_, _ = fmt.Fprintln(t)
	_, _ = fmt.Fprintln(t, "process\tmemory\t")
	for _, p := range f.Processes {
		_, _ = fmt.Fprintf(t, "%s\t%d MiB\t\n", p.Name, p.RSS>>20)
	}
	if err := t.Flush(); err != nil {
		return fmt.Errorf("print the figures: %w", err)
	}
	return nil
}
