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

// format is the flag -o: a table for people or json for programs.
type format string

const (
	formatTable format = "table"
	formatJSON  format = "json"
)

func (f *format) bind(cmd *cobra.Command) {
	*f = formatTable
	cmd.Flags().VarP(f, "output", "o", "table or json")
}

// String, Set and Type make format a flag value: an unknown format is misuse.
func (f *format) String() string { return string(*f) }

// Set takes table or json.
func (f *format) Set(s string) error {
	if !slices.Contains([]format{formatTable, formatJSON}, format(s)) {
		return misuse("must be table or json")
	}
	*f = format(s)
	return nil
}

// Type names the flag's value in the help.
func (f *format) Type() string { return "format" }

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
