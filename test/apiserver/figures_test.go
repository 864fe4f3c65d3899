package apiserver

import (
	"fmt"
	"os"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"

	"gatehouse.dev/gatehouse/test/failures"
)

// report keeps a measured figure for the table at the end of the suite.
func report(format string, args ...any) {
	figure := fmt.Sprintf(format, args...)
	GinkgoWriter.Println(figure)
	AddReportEntry("figure", figure, ReportEntryVisibilityNever)
}

// A long suite shows its progress: one line a spec, as it ends.
var _ = ReportAfterEach(func(r SpecReport) {
	if r.RunTime > 0 {
		fmt.Printf("\n%7.1fs  %-7s %s\n", r.RunTime.Round(100*time.Millisecond).Seconds(), r.State, r.FullText())
	}
	if r.Failed() && home != nil {
		fmt.Println("since it began, Gatehouse complained of:")
		failures.Logs(os.Stdout, filepath.Join(home.state, "logs"), r.StartTime)
	}
})

var _ = ReportAfterSuite("figures", func(r Report) {
	fmt.Println("\nfigures of this run:")
	for _, spec := range r.SpecReports {
		for _, entry := range spec.ReportEntries {
			if entry.Name == "figure" {
				fmt.Println("  " + entry.StringRepresentation())
			}
		}
	}
	failures.Print(os.Stdout, r)
})
