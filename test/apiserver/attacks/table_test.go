package attacks

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	. "github.com/onsi/ginkgo/v2"

	"gatehouse.dev/gatehouse/test/failures"
)

// The table of the run: one line a case.
var _ = ReportAfterSuite("table", func(r Report) {
	var rows []string
	operations, held := 0, 0
	for _, spec := range r.SpecReports {
		for _, entry := range spec.ReportEntries {
			if entry.Name == "fight" {
				rows = append(rows, entry.StringRepresentation())
			}
		}
	}
	slices.Sort(rows)
	out := tabwriter.NewWriter(os.Stdout, 0, 8, 2, ' ', 0)
	_, _ = fmt.Fprintln(out, "\nno.\tarea\tattack\tas\ttried\tdenied by\tcontrols\tstored\t")
	for _, row := range rows {
		cells := strings.Split(row, "|")
		var n int
		_, _ = fmt.Sscan(cells[4], &n)
		operations += n
		if cells[8] == "held" {
			held++
		}
		cells[2] = cut(cells[2], 90)
		if cells[8] != "held" {
			cells[7] = cells[8]
		}
		_, _ = fmt.Fprintln(out, strings.Join(cells[:8], "\t")+"\t")
	}
	_ = out.Flush()
	fmt.Printf("\n%d of %d attacks held, %d operations, %.0f s\n", held, len(rows), operations, r.RunTime.Seconds())
	failures.Print(os.Stdout, r)
})

func cut(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most-1]) + "…"
	}
	return s
}
