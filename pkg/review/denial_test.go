package review

import (
	"strings"
	"testing"
)

func TestZeroVerdictDenies(t *testing.T) {
	var v Verdict
	if v.Outcome != Denied || v.Outcome.String() != "denied" || !strings.HasPrefix(v.Message(), "denied by identity/no-reason: ") {
		t.Errorf("zero verdict: %s %q", v.Outcome, v.Message())
	}
	if got := Outcome(99).String(); got != "denied" {
		t.Errorf("an outcome that nobody knows reads %q", got)
	}
}

func TestMessage(t *testing.T) {
	v := Deny(Trace{Tier: "standard", Correlation: "c-1"},
		Denial{Rule: "quota/sessions", Problem: "1 more", Allowed: "limit 3, used 3", Next: "end one"},
		Denial{Rule: "models/granted", Problem: "a\nb\u2028c\x00d"})
	want := "denied by quota/sessions: 1 more; limit 3, used 3; end one [tier=standard correlation=c-1]\n" +
		"denied by models/granted: a b c d [tier=standard correlation=c-1]"
	if got := v.Message(); got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestMessageIsBounded(t *testing.T) {
	long := Denial{Rule: "area/rule", Problem: strings.Repeat("ü", 5000), Next: "never seen"}
	v := Deny(Trace{Tier: "standard", Correlation: "c-1"}, long)
	got := v.Message()
	if len(got) > MaxMessage || !strings.HasPrefix(got, "denied by area/rule: ") || !strings.HasSuffix(got, "… [tier=standard correlation=c-1]") {
		t.Errorf("%d bytes, ends %q", len(got), got[len(got)-60:])
	}
	for range 200 {
		v.Denials = append(v.Denials, Denial{Rule: "area/rule", Problem: "short"})
	}
	got = v.Message()
	if len(got) > MaxMessage || !strings.Contains(got, " more denials") {
		t.Errorf("%d bytes: %q", len(got), got[max(0, len(got)-80):])
	}
}

func TestQuoteAddsNoLine(t *testing.T) {
	for _, s := range []string{"", "a", "a\nb", "a\"b", "\u2028", "\x1b[31m", strings.Repeat("é", 200), "\xff\xfe", "\u202ex"} {
		q := Quote(s)
		if len(q) > 600 || strings.ContainsAny(q, "\n\r\u2028\u2029\x1b") || !strings.HasPrefix(q, `"`) || !strings.HasSuffix(q, `"`) {
			t.Errorf("Quote(%q) = %q", s, q)
		}
	}
}

func FuzzMessage(f *testing.F) {
	f.Add("rule", "problem", "tier")
	f.Add("a/b", "x\ny", "\u2029")
	f.Fuzz(func(t *testing.T, rule, problem, next string) {
		v := Deny(Trace{}, Denial{Rule: "area/rule", Problem: problem, Allowed: Quote(rule), Next: next})
		got := v.Message()
		if len(got) > MaxMessage || strings.ContainsAny(got, "\n\r\u2028\u2029") {
			t.Fatalf("%q", got)
		}
	})
}

func TestMessageStandsWhateverTheNames(t *testing.T) {
	huge := strings.Repeat("n\n", 5000)
	got := Deny(Trace{Tier: huge, Correlation: huge}, Denial{Rule: huge, Problem: huge}).Message()
	if len(got) > MaxMessage || strings.Contains(got, "\n") {
		t.Errorf("%d bytes", len(got))
	}
}
