package cli

import (
	"strings"
	"testing"
)

func TestTableCellsStayInTheirPlace(t *testing.T) {
	for in, want := range map[string]string{
		"":                "-",
		"local:alice":     "local:alice",
		"Ærø 中文":          "Ærø 中文",
		"a\nb":            `"a\nb"`,
		"a\tb":            `"a\tb"`,
		"\x1b[31mred":     `"\x1b[31mred"`,
		"abc\u202edcba":   `"abc\u202edcba"`,
		"zero\u200bwidth": `"zero\u200bwidth"`,
		"broken \xff":     `"broken \xff"`,
	} {
		if got := cell(in); got != want {
			t.Errorf("cell(%q) = %s, want %s", in, got, want)
		}
	}
	tab := table{}
	tab.add("A", "B", "C")
	tab.add("long value", "", "x")
	tab.add("a", "b", "")
	var b strings.Builder
	if err := tab.write(&b); err != nil {
		t.Fatal(err)
	}
	if want := "A            B   C\nlong value   -   x\na            b   -\n"; b.String() != want {
		t.Errorf("got\n%s", b.String())
	}
}
