package turn

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestWhoAsksForLittleGoesFirst has an order of comings and servings: a letter comes and waits,
// a dot serves the next one.
func TestWhoAsksForLittleGoesFirst(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ steps, served string }{
		"one line":                              {"aaa...", "aaa"},
		"in turn":                               {"aabbc.....", "abcab"},
		"a new one goes before the crowd":       {"aaaa.b....", "abaaa"},
		"new ones in the order of their coming": {"aaa.bc....", "abcaa"},
		"coming again at once is not new":       {"aaaa.b.b....", "ababaa"},
		"after a round without asking it is":    {"aaaaa.b...b...", "abaabaa"},
		"when nobody waits all is forgotten":    {"a.b.aab...", "ababa"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := lines{of: map[string]*line{}}
			var served strings.Builder
			for _, step := range strings.Split(tt.steps, "") {
				if step != "." {
					l.join(step, &waiter{called: make(chan struct{})})
					continue
				}
				served.WriteString(l.first().line.whose)
			}
			if diff := cmp.Diff(tt.served, served.String()); diff != "" {
				t.Errorf("served (-want +got):\n%s", diff)
			}
			if l.waiting != 0 || len(l.of) != 0 || len(l.turns) != 0 {
				t.Errorf("left: %d wait in %d lines", l.waiting, len(l.turns))
			}
		})
	}
}
