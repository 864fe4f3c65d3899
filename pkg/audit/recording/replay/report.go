package replay

import (
	"maps"
	"slices"
	"time"
)

// Change is what a set of policies would do to a past decision, or to what one rule said
// in it.
type Change string

// The changes, worst first.
const (
	// Failed: a rule would fail, and the write be answered with an error.
	Failed Change = "failed"
	// ToDenied: it was allowed and would be denied.
	ToDenied Change = "allowed→denied"
	// ToAllowed: it was denied, and the policies would have nothing against it. Quota is
	// not asked.
	ToAllowed Change = "denied→allowed"
	// Indeterminate: a rule looked at a value that was replaced in the recording.
	Indeterminate Change = "indeterminate"
	// OtherMessage and OtherDemand: the same answer in other words, or another amount
	// demanded of quota.
	OtherMessage Change = "other message"
	OtherDemand  Change = "other demand"
	Unchanged    Change = "unchanged"
)

// order of the changes: of several rules the first one found here counts for a decision.
var order = []Change{Failed, ToDenied, ToAllowed, Indeterminate, OtherMessage, OtherDemand, Unchanged}

// Changes lists all changes, worst first.
func Changes() []Change { return slices.Clone(order) }

// Report is the whole replay.
type Report struct {
	// Digest is that of the policies asked; Recorded counts decisions by the digest that
	// decided them.
	Digest    string         `json:"digest"`
	Recorded  map[string]int `json:"recorded"`
	Decisions int            `json:"decisions"`
	// Broken are lines that could not be read.
	Broken int `json:"broken"`
	// Changes counts decisions; Rules are those that would change something, by name.
	Changes map[Change]int `json:"changes"`
	Rules   []Rule         `json:"rules"`
}

// Rule is what one rule would do, by what it said itself.
type Rule struct {
	Rule     string         `json:"rule"`
	Changes  map[Change]int `json:"changes"`
	Examples []Example      `json:"examples"`
}

// Example is one decision of which a rule would say something else.
type Example struct {
	Change      Change    `json:"change"`
	Time        time.Time `json:"time"`
	Correlation string    `json:"correlation,omitempty"`
	Tenant      string    `json:"tenant"`
	User        string    `json:"user"`
	Operation   string    `json:"operation"`
	Object      string    `json:"object"`
	// Before and After are messages, or amounts demanded.
	Before []string `json:"before,omitempty"`
	After  []string `json:"after,omitempty"`
	// Look is where an indeterminate rule looked, file:line; Error why one failed.
	Look  string `json:"look,omitempty"`
	Error string `json:"error,omitempty"`
}

// Turned counts decisions that would be answered otherwise.
func (r Report) Turned() int {
	return r.Changes[ToDenied] + r.Changes[ToAllowed] + r.Changes[Failed]
}

// add counts what a rule would do and keeps an example, at most keep of each change.
func (r *Report) add(rule string, change Change, example Example, keep int) {
	if change == Unchanged {
		return
	}
	i, found := slices.BinarySearchFunc(r.Rules, rule, func(x Rule, name string) int {
		switch {
		case x.Rule < name:
			return -1
		case x.Rule > name:
			return 1
		}
		return 0
	})
	if !found {
		r.Rules = slices.Insert(r.Rules, i, Rule{Rule: rule, Changes: map[Change]int{}, Examples: []Example{}})
	}
	x := &r.Rules[i]
	if x.Changes[change]++; x.Changes[change] <= keep {
		example.Change = change
		x.Examples = append(x.Examples, example)
	}
}

// count sorts a decision by the worst of its changes.
func (r *Report) count(digest string, change Change) {
	r.Decisions++
	r.Recorded[digest]++
	r.Changes[change]++
}

// newReport has every change at zero, for readers that look for one.
func newReport(digest string) *Report {
	r := &Report{Digest: digest, Recorded: map[string]int{}, Changes: map[Change]int{}, Rules: []Rule{}}
	for _, c := range order {
		r.Changes[c] = 0
	}
	return r
}

// clone is for reading while the replay goes on.
func (r *Report) clone() Report {
	out := *r
	out.Recorded, out.Changes, out.Rules = maps.Clone(r.Recorded), maps.Clone(r.Changes), slices.Clone(r.Rules)
	return out
}
