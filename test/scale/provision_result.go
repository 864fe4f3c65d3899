package main

import (
	"fmt"
	"io"
	"strings"
	"text/tabwriter"
	"time"

	"gatehouse.dev/gatehouse/test/local"
)

// row is what one wave took and cost.
type row struct {
	wave
	created, ready time.Duration
	// waited is how long each Tenant took from the answer of its create, sorted.
	waited []time.Duration
	// sent is what the provisioner sent for each tenant; writes are everybody's.
	sent, writes local.Calls
}

// at is the time that a part of all took at most.
func (r row) at(q float64) time.Duration {
	return r.waited[min(int(q*float64(len(r.waited))), len(r.waited)-1)]
}

// provisioned is the outcome of all waves.
type provisioned struct {
	clients       int
	rows          []row
	before, after []local.Process
}

// listed is how many kinds of calls the table says.
const listed = 20

func (r provisioned) print(w io.Writer) {
	_, _ = fmt.Fprintf(w, "tenants from nothing, %d in an organization, %d clients\n\n", perOrganization, r.clients)
	t := tabwriter.NewWriter(w, 0, 8, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(t, "tenants come\thow many\tcreated\tall Ready\ttenants/s\tTenant to Ready p50\tp99\t")
	for _, row := range r.rows {
		_, _ = fmt.Fprintf(t, "%s\t%d\t%.1f s\t%.1f s\t%.1f\t%.2f s\t%.2f s\t\n", row.name, row.tenants, row.created.Seconds(), row.ready.Seconds(),
			float64(row.tenants)/row.ready.Seconds(), row.at(.5).Seconds(), row.at(.99).Seconds())
	}
	_, _ = fmt.Fprintln(t)
	r.printWrites(t)
	_, _ = fmt.Fprintln(t)
	_, _ = fmt.Fprintln(t, "process\tmemory before\tafter\t")
	before := map[string]int64{}
	for _, p := range r.before {
		before[p.Name] = p.RSS
	}
	for _, p := range r.after {
		if p.Name == "kube-apiserver" || p.Name == "etcd" || strings.HasPrefix(p.Name, "provisioner") || strings.HasPrefix(p.Name, "webhook") {
			_, _ = fmt.Fprintf(t, "%s\t%d MiB\t%d MiB\t\n", p.Name, before[p.Name]>>20, p.RSS>>20)
		}
	}
	_ = t.Flush()
}

// printWrites has a column for each wave; the calls are in the order of the largest.
func (r provisioned) printWrites(t io.Writer) {
	line := func(name string, value func(row) float64) {
		_, _ = fmt.Fprintf(t, "%s\t", name)
		for _, row := range r.rows {
			_, _ = fmt.Fprintf(t, "%.2f\t", value(row))
		}
		_, _ = fmt.Fprintln(t)
	}
	_, _ = fmt.Fprint(t, "writes for each tenant\t")
	largest := local.Calls{}
	for _, row := range r.rows {
		_, _ = fmt.Fprintf(t, "%s\t", row.name)
		if row.pace == 0 {
			largest = row.writes
		}
	}
	_, _ = fmt.Fprintln(t)
	line("by the provisioner", func(r row) float64 { return r.sent.Writes().Sum() })
	line("(its reads)", func(r row) float64 { return r.sent.Sum() - r.sent.Writes().Sum() })
	line("by anybody", func(r row) float64 { return r.writes.Sum() })
	for _, what := range first(largest.MostFirst(), listed) {
		line(what, func(r row) float64 { return r.writes[what] })
	}
}

func first(of []string, n int) []string { return of[:min(n, len(of))] }
