package audit

import "testing"

// FuzzClean: what is let through at a glance is what redacting and flattening leaves.
func FuzzClean(f *testing.F) {
	for _, hint := range hints {
		f.Add(hint)
		f.Add("a " + hint + "abcdefghijklmnop")
	}
	for _, text := range []string{
		"", "local:alice", "v1.k1.eyJ1c2VyX2lkIjoiYWxpY2UifQ.abc", "Bearer abcdefghijklmnop", "bEARER abcdefghijklmnop",
		"sk-ant-REDACTED", "task-runner", "two\nlines", "\u2028", "é", "\x7f", "\xff", "the rarer ones",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, limit := range []int{8, maxName} {
			if got, want := Clean(text, limit), OneLine(Redact(cut(text, 8*limit)), limit); got != want {
				t.Errorf("Clean(%q, %d) = %q, want %q", text, limit, got, want)
			}
		}
	})
}
