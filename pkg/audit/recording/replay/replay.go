package replay

import (
	"context"
	"encoding/json"
	"fmt"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/audit/recording"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Replay asks one Program about records, one after the other.
type Replay struct {
	program *engine.Program
	report  *Report
	// keep is how many examples of each change are kept for a rule.
	keep int
}

// New asks a Program that was compiled with engine.Options.Unoptimized.
func New(program *engine.Program, keep int) *Replay {
	return &Replay{program: program, report: newReport(program.Digest()), keep: keep}
}

// Report as of now.
func (r *Replay) Report() Report { return r.report.clone() }

// Ask asks about one record. The error is for one that cannot be asked about.
func (r *Replay) Ask(ctx context.Context, record recording.Record) error {
	input, err := engine.ObjectValue(record.Input)
	if err != nil {
		return fmt.Errorf("recorded input: %w", err)
	}
	data, err := r.delegated(record.Data)
	if err != nil {
		return err
	}
	answers, err := r.program.Alone(ctx, input, data)
	if err != nil {
		return fmt.Errorf("recorded input: %w", err)
	}
	example, err := exampleOf(record)
	if err != nil {
		return err
	}
	said := saidBefore(record)
	all := outcome{others: othersDenied(record)}
	for _, a := range answers {
		before := said[a.Rule]
		delete(said, a.Rule)
		r.rule(record, a, before, example, &all)
	}
	// What is no longer asked says nothing any more.
	for _, rule := range sortedKeys(said) {
		r.rule(record, engine.Alone{Rule: rule}, said[rule], example, &all)
	}
	r.report.count(record.Digest, all.change())
	return nil
}

// rule compares what one rule said with what it says.
func (r *Replay) rule(record recording.Record, a engine.Alone, before statement, example Example, all *outcome) {
	after := r.saidNow(record, a)
	change := compare(before, after, a)
	all.add(change, len(before.deny) > 0, len(after.deny) > 0 && a.Look == "")
	example.Before, example.After = before.lines(), after.lines()
	if a.Err != nil {
		example.Error = a.Err.Error()
	}
	if change == Indeterminate {
		example.Look, example.After = a.Look, nil
	}
	r.report.add(a.Rule, change, example, r.keep)
}

// saidNow sorts what a rule says as the gate would: the platform is warned, and so is
// who is exempt.
func (r *Replay) saidNow(record recording.Record, a engine.Alone) statement {
	var s statement
	_, exempt := r.program.Exempt(a.Rule, record.Tenant, record.Time)
	for _, f := range a.Result.Denials {
		if exempt || record.Relation == string(tenant.RelationPlatform) {
			s.other = append(s.other, f.Msg)
			continue
		}
		s.deny = append(s.deny, f.Msg)
	}
	for _, list := range [][]engine.Finding{a.Result.Warnings, a.Result.Audited} {
		for _, f := range list {
			s.other = append(s.other, f.Msg)
		}
	}
	for _, d := range a.Result.Demands {
		if !exempt && (d.Enforcement == "" || d.Enforcement == v1alpha1.EnforcementDeny) {
			s.demand = append(s.demand, d.Amount.String()+" of "+d.Dimension)
		}
	}
	return s
}

// delegated reads what an organization had set, under the bounds of this Program.
func (r *Replay) delegated(raw json.RawMessage) (engine.Snapshot, error) {
	if len(raw) == 0 {
		return nil, nil
	}
	var given struct {
		Delegated map[string]map[string]any `json:"delegated"`
	}
	if err := json.Unmarshal(raw, &given); err != nil {
		return nil, fmt.Errorf("recorded data: %w", err)
	}
	snapshot, _ := r.program.Delegated(given.Delegated)
	return snapshot, nil
}

// outcome gathers what the rules would do to one decision.
type outcome struct {
	// others: something that is no policy denied too, and still would.
	others bool
	// denied and denies: a rule denied, or surely denies.
	denied, denies bool
	seen           map[Change]bool
}

func (o *outcome) add(c Change, denied, denies bool) {
	if o.seen == nil {
		o.seen = map[Change]bool{}
	}
	o.seen[c] = true
	o.denied, o.denies = o.denied || denied, o.denies || denies
}

// change of the decision as a whole: other rules may still deny what one no longer does,
// and one that surely denies settles it whatever the others looked at.
func (o *outcome) change() Change {
	stays := o.others || o.denies
	switch {
	case o.seen[Failed]:
		return Failed
	case o.denies && !o.denied && !o.others:
		return ToDenied
	case o.seen[Indeterminate] && !stays:
		return Indeterminate
	case o.denied && !stays:
		return ToAllowed
	case o.seen[OtherMessage] || o.seen[ToDenied] || o.seen[ToAllowed]:
		return OtherMessage
	case o.seen[OtherDemand]:
		return OtherDemand
	}
	return Unchanged
}
