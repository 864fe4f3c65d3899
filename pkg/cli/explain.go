package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// explained is one decision with what it rests on.
type explained struct {
	judged
	Tenant   *tenantFacts `json:"tenant,omitempty"`
	Policies []heard      `json:"policies"`
	Digest   string       `json:"policyDigest"`
}

// tenantFacts is what is in force for the tenant of the namespace.
type tenantFacts struct {
	Name         string            `json:"name"`
	Owner        string            `json:"owner"`
	Organization string            `json:"organization"`
	Tier         string            `json:"tier"`
	Suspended    bool              `json:"suspended,omitempty"`
	Missing      string            `json:"missing,omitempty"`
	Models       []string          `json:"models"`
	Limits       map[string]string `json:"limits"` // amount and where it comes from
}

// heard is one policy that looked at the object.
type heard struct {
	engine.Explanation
	// Denied is whether it, or the ledger in its name, said no.
	Denied bool `json:"denied"`
}

func newExplain(env Env) *cobra.Command {
	return judging(env, &cobra.Command{
		Use:   "explain -f FILE --as USER",
		Short: "Say whether objects would be allowed, and what that rests on",
		Long: `Decides like gatehouse check and shows beside each answer who the caller counts as, what is
in force for the tenant of the namespace, what would be set on the object, and every policy
that looked at it: what it concluded, and at which line of its Rego. For a policy that does
not object that is the line beyond which its rules did not come.

Exit code 0 if all are allowed, 1 if one is not, 2 on misuse.`,
		Example: `  gatehouse explain -f session.yaml --as local:alice
  gatehouse explain -f config/samples/session-alice-opus.yaml --as local:alice \
      --platform config/samples --config config/manager/gatehouse.yaml`,
	}, func(ctx context.Context, out *format, j *judge, results judgement) error {
		all := make([]explained, len(results.Results))
		for i, r := range results.Results {
			var err error
			if all[i], err = j.explain(ctx, r); err != nil {
				return err
			}
		}
		answer := map[string]any{"results": all, "skipped": results.Skipped}
		return out.show(env.Out, answer, func() error { return printExplained(env, all, results.Skipped) })
	})
}

func (j *judge) explain(ctx context.Context, r judged) (explained, error) {
	e := explained{judged: r, Policies: []heard{}, Digest: j.program.Digest()}
	if home, ok := j.platform.snapshot.HomeOf(r.home); ok {
		e.Tenant = factsOf(home.Standing(j.subject.Groups).Effective)
	}
	if r.asked != nil {
		said, err := j.program.Explain(ctx, r.asked.Input, r.asked.Data)
		if err != nil {
			return e, fmt.Errorf("%s: %w", r.Object, err)
		}
		for _, x := range said {
			e.Policies = append(e.Policies, heard{x, slices.Contains(r.Rules, x.Rule)})
		}
	}
	// The gate's own rules may speak for a policy that was not asked, as outside
	// tenants' namespaces.
	for _, p := range j.program.Rules() {
		asked := slices.ContainsFunc(e.Policies, func(h heard) bool { return h.Rule == p.Rule })
		if !asked && slices.Contains(r.Rules, p.Rule) {
			e.Policies = append(e.Policies, heard{engine.Explanation{Rule: p.Rule, Title: p.Title, Enforcement: p.Enforcement}, true})
		}
	}
	return e, nil
}

func factsOf(e tenant.Effective) *tenantFacts {
	f := &tenantFacts{
		Name: e.Tenant, Owner: e.Owner, Organization: e.Organization, Tier: e.Tier,
		Suspended: e.Suspended, Missing: e.Missing, Models: e.Models, Limits: map[string]string{},
	}
	for dimension, limit := range e.Limits {
		f.Limits[dimension] = limitText(limit)
	}
	for dimension, limit := range e.Totals {
		f.Limits[dimension+" (organization)"] = limitText(limit)
	}
	return f
}

func limitText(l tenant.Limit) string {
	amount := l.Amount.String()
	if l.Unlimited {
		amount = "unlimited"
	}
	return fmt.Sprintf("%s from %s", amount, l.Source)
}

func printExplained(env Env, all []explained, skipped []passedOver) error {
	for i, e := range all {
		if i > 0 {
			fmt.Fprintln(env.Out)
		}
		t := table{}
		t.add("object", e.Object)
		t.add("result", e.Outcome)
		for line := range strings.Lines(e.Message) {
			t.add("because", strings.TrimSuffix(line, "\n"))
		}
		for _, w := range e.Warnings {
			t.add("warning", w)
		}
		t.add("actor", e.Caller.Actor)
		t.add("on behalf of", e.Caller.Author)
		t.add("counts as", strings.Join(present(e.Caller.Class, e.Caller.Relation, e.Caller.Role), ", "))
		e.addTenant(&t)
		for _, p := range e.Policies {
			p.addTo(&t)
		}
		for _, s := range e.Sets {
			t.add("sets", setText(s))
		}
		if err := t.write(env.Out); err != nil {
			return err
		}
	}
	printSkipped(env, skipped)
	return nil
}

// addTo says what a policy concluded, and where.
func (h heard) addTo(t *table) {
	word := "does not object"
	switch {
	case h.Err != "":
		word = "FAILS: " + h.Err
	case h.Denied:
		word = "DENIES"
	case len(h.Said) > 0:
		word = "has something to say"
	}
	t.add("policy", h.Rule+": "+word)
	for _, s := range h.Said {
		t.add("  "+s.Output, lineText(s.Line)+s.Text)
	}
	for _, s := range h.Stopped {
		t.add("  stopped", lineText(s)+s.Code)
	}
}

func lineText(l engine.Line) string {
	if l.Line == 0 {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", l.File, l.Line)
}

func (e explained) addTenant(t *table) {
	f := e.Tenant
	if f == nil {
		t.add("tenant", "")
		return
	}
	t.add("tenant", fmt.Sprintf("%s of %s, organization %s, tier %s", f.Name, f.Owner, f.Organization, f.Tier))
	if f.Missing != "" {
		t.add("missing", f.Missing)
	}
	if f.Suspended {
		t.add("suspended", "yes")
	}
	t.add("models", strings.Join(f.Models, ", "))
	for _, dimension := range slices.Sorted(maps.Keys(f.Limits)) {
		t.add("limit of "+dimension, f.Limits[dimension])
	}
}

// setText names what mutating sets, without values that may be long or change.
func setText(p review.Patch) string {
	var fields map[string]json.RawMessage
	if raw, err := json.Marshal(p.Value); err != nil || json.Unmarshal(raw, &fields) != nil || len(fields) == 0 {
		return p.Path
	}
	return p.Path + ": " + strings.Join(slices.Sorted(maps.Keys(fields)), ", ")
}

func present(texts ...string) []string {
	return slices.DeleteFunc(texts, func(s string) bool { return s == "" })
}
