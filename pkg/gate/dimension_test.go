package gate_test

import (
	"fmt"
	"io/fs"
	"maps"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/policies"

	"k8s.io/apimachinery/pkg/util/intstr"
)

// heads is a policy that somebody else wrote, with two dimensions of its own: how many
// long prompts a day, and how many at a time.
const heads = `# METADATA
# title: Long prompts are few
# description: Counts sessions whose prompt is long.
# custom:
#   match:
#     groups: [research.example.com]
#     kinds: [ResearchSession]
#     operations: [CREATE]
package research.prompts

long if count(input.request.object.spec.prompt) > 20

over if input.request.object.status.phase in {"Completed", "Failed", "Stopped", "Error"}

demand["research/prompts/starts"] := 1 if long

demand["research/prompts/live"] := 1 if {
	long
	not over
}
`

// withPolicy is the built-in set and one policy more.
func withPolicy(t *testing.T, name, source string) *engine.Program {
	t.Helper()
	pkg := strings.ReplaceAll(name, "/", ".")
	all := fstest.MapFS{
		name + "/rule.rego":      {Data: []byte(source)},
		name + "/rule_test.rego": {Data: []byte("package " + pkg + "_test\n\ntest_nothing if true\n")},
	}
	err := fs.WalkDir(policies.FS, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(policies.FS, path)
		all[path] = &fstest.MapFile{Data: data}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	program, err := engine.Compile(t.Context(), engine.Options{Policies: all, Timeout: time.Minute})
	if err != nil {
		t.Fatal(err)
	}
	return program
}

// TestADimensionInRegoAlone: a policy demands what nobody heard of, a tier limits it, and
// the ledger holds it; no Go knows its name.
func TestADimensionInRegoAlone(t *testing.T) {
	w := newWorld(t)
	program := withPolicy(t, "research/prompts", heads)
	w.gate.Program = func() *engine.Program { return program }
	home, _ := w.sample.Facts.HomeOf(aliceNS)
	tier := w.sample.Facts.Tiers["standard"]
	original := tier.Spec.Limits
	t.Cleanup(func() { tier.Spec.Limits = original })
	long := strings.Repeat("why ", 10)
	create := func(name string) review.Verdict {
		v, _ := w.write(call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, group: "research.example.com", kind: "ResearchSession",
			resource: "researchsessions", object: doc{"apiVersion": "research.example.com/v1", "kind": "ResearchSession", "metadata": meta(name),
				"spec": doc{"prompt": long, "websiteURL": "https://example.com", "llmSettings": doc{"model": "claude-sonnet"}}}})
		return v
	}
	limit := func(amount int, window v1alpha1.Window, dimension string) v1alpha1.Limit {
		return v1alpha1.Limit{Dimension: dimension, Amount: intstr.FromInt32(int32(amount)), Window: window}
	}
	refresh := func(limits ...v1alpha1.Limit) {
		tier.Spec.Limits = append(append([]v1alpha1.Limit{}, original...), limits...)
		*home = *w.sample.Facts.Home(home.Namespace)
	}

	w.denied(create("nobody-limits-it"), "research/prompts")
	refresh(limit(2, v1alpha1.WindowDay, "research/prompts/starts"), limit(5, "", "research/prompts/live"))
	w.allowed(create("one"))
	w.allowed(create("two"))
	v := create("three")
	w.denied(v, "research/prompts")
	for _, figure := range []string{`"research/prompts/starts"`, "limit 2 a day (tier standard)", "used 2", "when the day begins anew"} {
		if !strings.Contains(v.Message(), figure) {
			t.Errorf("the denial does not say %q: %s", figure, v.Message())
		}
	}

	t.Run("and it is given back as the policy says", func(t *testing.T) {
		account := gate.AccountOf(program, home, quota.Calendar{}, time.Now())
		for phase, want := range map[string]string{"Running": "map[research/prompts/live:1 research/prompts/starts:1 session-starts:1 sessions:1]",
			"Failed": "map[research/prompts/starts:1 session-starts:1]", "Queued": "map[research/prompts/live:1 research/prompts/starts:1 session-starts:1]"} {
			amounts, err := account.Measure(t.Context(), quota.Object{Group: "research.example.com", Version: "v1", Kind: "ResearchSession",
				Resource: "researchsessions", Namespace: aliceNS, Name: "one",
				Raw: fmt.Appendf(nil, `{"spec": {"prompt": %q}, "status": {"phase": %q}}`, long, phase)})
			if err != nil {
				t.Fatal(err)
			}
			plain := map[string]string{}
			for dimension, amount := range amounts {
				plain[dimension] = amount.String()
			}
			if got := fmt.Sprint(maps.Clone(plain)); got != want {
				t.Errorf("%s holds %s, want %s", phase, got, want)
			}
		}
		if l := account.Limits["research/prompts/starts"]; l.Window != v1alpha1.WindowDay || l.Start.IsZero() || account.Owner != "local:alice" {
			t.Errorf("account of %q counts starts by %+v", account.Owner, l)
		}
	})
}

// TestADemandOfWhatNobodyCountsFails: nothing would ever give it back.
func TestADemandOfWhatNobodyCountsFails(t *testing.T) {
	w := newWorld(t)
	program := withPolicy(t, "config/maps", strings.NewReplacer(
		"research.example.com]", `""]`, "[ResearchSession]", "[ConfigMap]", "package research.prompts", "package config.maps",
		"long if count(input.request.object.spec.prompt) > 20", "long := true", "research/prompts", "config/maps").Replace(heads))
	w.gate.Program = func() *engine.Program { return program }
	v, _ := w.write(call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, kind: "ConfigMap", resource: "configmaps",
		object: doc{"apiVersion": "v1", "kind": "ConfigMap", "metadata": meta("a")}})
	if v.Outcome == review.Allowed || v.Outcome == review.Denied {
		t.Errorf("%s: %s", v.Outcome, v.Message())
	}
}

func TestPodsAreChargedAsTheSchedulerCountsThem(t *testing.T) {
	pod := func(name string, spec doc) call {
		return call{as: "local:alice", groups: []string{"gatehouse:users"}, op: review.Create, kind: "Pod", resource: "pods",
			object: doc{"apiVersion": "v1", "kind": "Pod", "metadata": meta(name), "spec": spec}}
	}
	container := func(name, cpu string, more ...doc) doc {
		c := doc{"name": name, "image": "registry.k8s.io/pause:3.10", "resources": doc{"requests": doc{"cpu": cpu}}}
		for _, d := range more {
			maps.Copy(c, d)
		}
		return c
	}
	hold := func(cpu string) doc { return doc{"containers": []any{container("c", cpu)}} }
	for _, tt := range []struct {
		name string
		spec doc
		want bool
	}{
		{"all of it", hold("8"), true},
		{"a thousandth more", hold("8001m"), false},
		{"a larger init container", doc{"initContainers": []any{container("i", "9")}, "containers": []any{container("c", "1")}}, false},
		{"a sidecar beside", doc{"initContainers": []any{container("s", "4", doc{"restartPolicy": "Always"})}, "containers": []any{container("c", "5")}}, false},
		{"an init container that is over by then", doc{"initContainers": []any{container("i", "8")}, "containers": []any{container("c", "8")}}, true},
		{"overhead", doc{"overhead": doc{"cpu": "1"}, "containers": []any{container("c", "8")}}, false},
		{"a limit is a request", doc{"containers": []any{container("c", "0", doc{"resources": doc{"limits": doc{"cpu": "9"}}})}}, false},
		{"a device of any maker", doc{"containers": []any{container("c", "1", doc{"resources": doc{"limits": doc{"example.com/npu": "1"}}})}}, false},
	} {
		w := newWorld(t)
		v, _ := w.write(pod("p", tt.spec))
		if allowed := v.Outcome == review.Allowed; allowed != tt.want {
			t.Errorf("%s: %s %s", tt.name, v.Outcome, v.Message())
		}
		if !tt.want {
			w.denied(v, "quota/compute")
		}
	}
}
