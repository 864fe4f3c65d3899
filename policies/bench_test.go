package policies_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

// BenchmarkJudge is the engine alone, with everything that is built in: what looks at a
// review is asked, by the plan and by OPA's own evaluator.
func BenchmarkJudge(b *testing.B) {
	planned, byTopdown := both(b)
	for _, of := range []struct{ name, rule, file string }{
		{"pod", "pods/security", "pods/security/pass/restricted.yaml"},
		{"session", "quota/sessions", ""},
	} {
		all, err := policytest.Cases(policies.FS, of.rule)
		if err != nil {
			b.Fatal(err)
		}
		for _, c := range all {
			if of.file != "" && c.File != of.file || c.Fails {
				continue
			}
			input, err := policytest.Value(c.Input)
			if err != nil {
				b.Fatal(err)
			}
			for _, engine := range []struct {
				name string
				*engine.Program
			}{{"plan", planned}, {"topdown", byTopdown}} {
				b.Run(of.name+"/"+engine.name, func(b *testing.B) {
					b.ReportAllocs()
					for b.Loop() {
						if _, err := engine.Eval(b.Context(), input, nil); err != nil {
							b.Fatal(err)
						}
					}
				})
			}
			break
		}
	}
}
