package engine

import (
	"regexp"
	"strings"
	"testing"
)

// TestDimensionsNames holds what is read by hand against the expression that it stands for.
func TestDimensionsNames(t *testing.T) {
	t.Parallel()
	expression := regexp.MustCompile(`^[a-z0-9]([-a-z0-9./]{0,126}[a-z0-9])?$`)
	names := []string{
		"", "a", "9", "-", ".", "/", "ab", "a-b", "a.b/c", "-a", "a-", ".a", "a.", "/a", "a/", "A", "aB", "a b", "a\n", "a_b", "ä", "a\x00b", "a--b",
		strings.Repeat("a", 127), strings.Repeat("a", 128), strings.Repeat("a", 129), "a" + strings.Repeat("-", 126) + "b", "a" + strings.Repeat("-", 127) + "b",
	}
	for c := range 256 {
		names = append(names, string([]byte{byte(c)}), "a"+string([]byte{byte(c)})+"b")
	}
	for _, name := range names {
		if got, want := isDimension(name), expression.MatchString(name); got != want {
			t.Errorf("isDimension(%q) = %v, want %v", name, got, want)
		}
	}
}
