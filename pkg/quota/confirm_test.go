package quota

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// charging is an entry that takes one of the day's starts too.
func charging(e v1alpha1.LedgerEntry) v1alpha1.LedgerEntry {
	e.Owner = "local:alice"
	e.Charges = []v1alpha1.LedgerCharge{{Dimension: "session-starts", Start: metav1.NewTime(noon.Add(-12 * time.Hour)), Length: v1alpha1.WindowDay, Amount: q("1")}}
	return e
}

func charged(s v1alpha1.LedgerSection, amount string) v1alpha1.LedgerSection {
	s.Windows = []v1alpha1.LedgerWindow{{Owner: "local:alice", Dimension: "session-starts", Start: metav1.NewTime(noon.Add(-12 * time.Hour)), Length: v1alpha1.WindowDay, Used: q(amount)}}
	return s
}

func TestConfirm(t *testing.T) {
	later := noon.Add(time.Minute)
	update := entry("a", "u1", "3", later)
	update.Version = "7"
	taken := entry("a", "u1", "1", later)
	taken.Taken = 1
	held := entry("a", "u1", "3", later)
	held.Held = held.Amounts
	for name, tt := range map[string]struct{ spec, want v1alpha1.QuotaLedgerSpec }{
		"seen": {
			spec: ledger(settled("alice", "2", entry("a", "u1", "1", later), entry("b", "u2", "1", later)), settled("carol", "1")),
			want: ledger(settled("alice", "3", entry("b", "u2", "1", later)), settled("carol", "1")),
		},
		"and charged": {
			spec: ledger(charged(settled("alice", "", charging(entry("a", "u1", "1", later))), "4")),
			want: ledger(charged(settled("alice", "1"), "5")),
		},
		"a window opens": {
			spec: ledger(settled("alice", "", charging(entry("a", "u1", "1", later)))),
			want: ledger(charged(settled("alice", "1"), "1")),
		},
		"not seen":        {spec: ledger(settled("alice", "2", entry("a", "u7", "1", later)))},
		"an update":       {spec: ledger(settled("alice", "2", update))},
		"contended":       {spec: ledger(settled("alice", "2", entry("a", "u1", "1", later, "u5")))},
		"over":            {spec: ledger(settled("alice", "2", entry("a", "u1", "1", noon)))},
		"its name taken":  {spec: ledger(settled("alice", "2", taken))},
		"beside what was": {spec: ledger(settled("alice", "2", held))},
	} {
		t.Run(name, func(t *testing.T) {
			if tt.want.Domain == "" {
				tt.want = tt.spec
			}
			before := tt.spec.DeepCopy()
			got := Confirm(tt.spec, func(e v1alpha1.LedgerEntry) bool { return e.UID == "u1" }, noon)
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("ledger (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(*before, tt.spec); diff != "" {
				t.Errorf("the argument was changed (-before +after):\n%s", diff)
			}
		})
	}
}

// heldBy says of an entry that the stored object holds all of it.
func heldBy(e v1alpha1.LedgerEntry) v1alpha1.LedgerEntry {
	e.Held = e.Amounts
	return e
}

func TestExplained(t *testing.T) {
	later := noon.Add(time.Minute)
	a, b := charging(entry("a", "u1", "1", later)), entry("b", "u2", "1", later)
	for name, tt := range map[string]struct {
		before, after v1alpha1.LedgerSection
		want          bool
	}{
		"as it was":                 {settled("alice", "2", a), settled("alice", "2", a), true},
		"a first reservation":       {v1alpha1.LedgerSection{}, settled("alice", "", a), true},
		"another":                   {settled("alice", "2", a), settled("alice", "2", a, b), true},
		"a larger one":              {settled("alice", "2", b), settled("alice", "2", entry("b", "u2", "9", later)), true},
		"confirmed":                 {settled("alice", "2", a, b), charged(settled("alice", "3", b), "1"), true},
		"confirmed and reserved":    {settled("alice", "2", a), charged(settled("alice", "3", b), "1"), true},
		"an entry is gone":          {settled("alice", "2", b), settled("alice", "2"), false},
		"a smaller one":             {settled("alice", "2", entry("b", "u2", "9", later)), settled("alice", "2", b), false},
		"an entry without end":      {settled("alice", "2"), settled("alice", "2", entry("b", "u2", "1", noon.Add(24*time.Hour))), false},
		"said to be held already":   {settled("alice", "2", b), settled("alice", "2", heldBy(b)), false},
		"less":                      {settled("alice", "2"), settled("alice", "1"), false},
		"more":                      {settled("alice", "2"), settled("alice", "3"), false},
		"the section is gone":       {settled("alice", "2"), v1alpha1.LedgerSection{}, false},
		"a window is wound back":    {charged(settled("alice", "2"), "5"), charged(settled("alice", "2"), "1"), false},
		"confirmed and not charged": {settled("alice", "2", a), settled("alice", "3"), false},
	} {
		if got := Explained(tt.before, tt.after, noon, ttl); got != tt.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
