package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strings"

	"gatehouse.dev/gatehouse/test/drive"
)

// record appends the figures to a file, as lines that benchstat reads: one a turn, named so
// that it can put sides, loops and commits beside each other.
func (f figures) record(path string) (err error) {
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o644) //nolint:gosec // Figures are for everybody.
	if err != nil {
		return fmt.Errorf("record: %w", err)
	}
	defer func() {
		if failed := file.Close(); err == nil && failed != nil {
			err = fmt.Errorf("record: %w", failed)
		}
	}()
	return f.lines(file, commit())
}

// lines in the format of Go's benchmarks.
func (f figures) lines(w io.Writer, commit string) error {
	text := fmt.Sprintf("goos: %s\ngoarch: %s\npkg: gatehouse.dev/gatehouse/test/load\ncommit: %s\n", runtime.GOOS, runtime.GOARCH, commit)
	for _, r := range f.Straight {
		for _, side := range []struct {
			name string
			straightSide
		}{{"floor", r.Floor}, {"gatehouse", r.Gatehouse}} {
			for _, sample := range side.samples {
				text += line(fmt.Sprintf("Direct/review=%s/side=%s/loop=%s/connections=%d", dashed(r.Name), side.name, r.Loop, r.Connections), sample)
			}
		}
	}
	for _, r := range f.Writes {
		for _, side := range []struct {
			name string
			latencies
		}{{"without", r.without}, {"with", r.with}} {
			text += line(fmt.Sprintf("Through/write=%s/side=%s/clients=%d", dashed(r.Name), side.name, r.Clients),
				drive.Result{Latencies: side.each, Took: side.took})
		}
	}
	if _, err := io.WriteString(w, text); err != nil {
		return fmt.Errorf("record: %w", err)
	}
	return nil
}

func line(name string, r drive.Result) string {
	return fmt.Sprintf("Benchmark%s %d %d ns/op %d p50-ns %d p99-ns %.1f reviews/s\n", name, len(r.Latencies),
		r.Mean().Nanoseconds(), drive.Quantile(r.Latencies, .5).Nanoseconds(), drive.Quantile(r.Latencies, .99).Nanoseconds(), r.Rate())
}

// dashed is a name without what benchstat would take for something else.
func dashed(name string) string {
	return strings.NewReplacer(" ", "-", ":", "").Replace(name)
}

// commit that is checked out, with -dirty if files differ from it.
func commit() string {
	out, err := exec.Command("git", "describe", "--always", "--dirty", "--abbrev=12", "--exclude=*").Output() //nolint:noctx // Reads a local folder.
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
