package cli

import (
	"encoding/json"
	"io"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"
	"unicode"

	"github.com/spf13/cobra"
)

// format is the flag -o: a table for people, json for programs, and what else a command
// takes.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
	formatCSV   format = "csv"
	// The next two are for CI.
	formatSARIF format = "sarif"
	formatJUnit format = "junit"
)

func (f *format) bind(cmd *cobra.Command, more ...format) {
	*f = formatTable
	choice := formatFlag{f, append([]format{formatTable, formatJSON}, more...)}
	cmd.Flags().VarP(choice, "output", "o", choice.names())
}

// formatFlag makes format a flag's value: an unknown one is misuse.
type formatFlag struct {
	chosen  *format
	allowed []format
}

func (f formatFlag) String() string {
	if f.chosen == nil {
		return "" // cobra asks an empty one what its default is
	}
	return string(*f.chosen)
}

// Set takes an allowed format.
func (f formatFlag) Set(s string) error {
	if !slices.Contains(f.allowed, format(s)) {
		return misuse("must be %s", f.names())
	}
	*f.chosen = format(s)
	return nil
}

// Type names the flag's value in the help.
func (f formatFlag) Type() string { return "format" }

func (f formatFlag) names() string {
	var b strings.Builder
	for i, name := range f.allowed {
		switch {
		case i == 0:
		case i == len(f.allowed)-1:
			b.WriteString(" or ")
		default:
			b.WriteString(", ")
		}
		b.WriteString(string(name))
	}
	return b.String()
}

// show writes an answer: as JSON, or as people read it.
func (f *format) show(w io.Writer, answer any, table func() error) error {
	if *f == formatJSON {
		return writeJSON(w, answer)
	}
	return table()
}

// writeJSON writes v indented and without escaping < and >.
func writeJSON(w io.Writer, v any) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	enc.SetEscapeHTML(false)
	return enc.Encode(v)
}

// table collects rows and writes them in columns.
type table struct{ rows [][]string }

func (t *table) add(cells ...string) { t.rows = append(t.rows, cells) }

func (t *table) write(w io.Writer) error {
	tw := tabwriter.NewWriter(w, 0, 8, 3, ' ', 0)
	for _, row := range t.rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = cell(c)
		}
		line := strings.TrimRight(strings.Join(cells, "\t"), "\t") + "\n"
		if _, err := io.WriteString(tw, line); err != nil {
			return err
		}
	}
	return tw.Flush()
}

// cell shows a value that somebody else may have chosen: nothing in it can move the
// cursor, start a line or turn the writing around.
func cell(s string) string {
	if s == "" {
		return "-"
	}
	for _, r := range s {
		if !unicode.IsGraphic(r) || r == unicode.ReplacementChar {
			return strconv.QuoteToGraphic(s)
		}
	}
	return s
}
