package cli

import (
	"fmt"
	"io"
	"strings"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper/suite"
)

// printVerified shows a line a suite, what failed, and the sum.
func printVerified(w io.Writer, report suite.Report) error {
	t := table{}
	t.add("SUITE", "PASSED", "FAILED", "SKIPPED")
	for _, s := range report.Suites {
		t.add(s.File, fmt.Sprint(s.Passed), fmt.Sprint(s.Failed), fmt.Sprint(s.Skipped))
	}
	if err := t.write(w); err != nil {
		return err
	}
	for _, s := range report.Suites {
		for _, line := range tellSuite(s) {
			if _, err := fmt.Fprintf(w, "\n%s: %s", cell(s.File), line); err != nil {
				return err
			}
		}
	}
	_, err := fmt.Fprintf(w, "\n%d suites: %d passed, %d failed, %d skipped\n", len(report.Suites), report.Passed, report.Failed, report.Skipped)
	return err
}

// tellSuite lists what a person must know of a suite.
func tellSuite(s suite.SuiteResult) []string {
	var lines []string
	for _, note := range s.Notes {
		lines = append(lines, "note: "+oneLine(note)+"\n")
	}
	if s.Problem != "" {
		lines = append(lines, "FAILED\n  "+inset(s.Problem)+"\n")
	}
	for _, t := range s.Tests {
		if t.Problem != "" {
			lines = append(lines, fmt.Sprintf("%s FAILED\n  %s\n", cell(t.Name), inset(t.Problem)))
		}
		for _, c := range t.Cases {
			if c.Problem != "" {
				lines = append(lines, fmt.Sprintf("%s, %s FAILED\n  %s\n", cell(t.Name), cell(c.Name), inset(c.Problem)))
			}
		}
	}
	return lines
}

// inset keeps the lines of a text, none of which can move the cursor.
func inset(text string) string {
	var lines []string
	for line := range strings.Lines(text) {
		lines = append(lines, cell(strings.TrimRight(line, "\n")))
	}
	return strings.Join(lines, "\n  ")
}
