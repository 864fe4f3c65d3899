package policies_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

// many are n policies of somebody's, of which the first looking look at Pods and the others
// at kinds of their own.
func many(n, looking int) engine.Origin {
	files := fstest.MapFS{}
	for i := range n {
		kind := "Pod"
		if i >= looking {
			kind = fmt.Sprintf("Kind%d", i)
		}
		files[fmt.Sprintf("many/p%d/rule.rego", i)] = &fstest.MapFile{Data: fmt.Appendf(nil, `# METADATA
# title: Containers have a limit of memory, number %[1]d
# description: For measuring.
# custom:
#   match:
#     groups: [""]
#     kinds: [%[2]s]
#     operations: [CREATE, UPDATE]
#   parameters:
#     images: [registry.k8s.io/, example.com/]
package many.p%[1]d

import data.lib.value

deny contains sprintf("container %%s has no limit; allowed: any; give one", [name]) if {
	some container in value.at(input.request.object, ["spec", "containers"])
	name := value.at(container, ["name"])
	value.at(container, ["resources", "limits", "memory"]) == null
}

deny contains sprintf("image %%v; allowed: %%v; take another", [image, input.parameters.images]) if {
	some container in value.at(input.request.object, ["spec", "containers"])
	image := value.at(container, ["image"])
	not known(image)
}

known(image) if {
	is_string(image)
	some prefix in input.parameters.images
	startswith(image, prefix)
}
`, i, kind)}
	}
	return engine.Origin{Name: "many", Files: files}
}

// smallPod is a review that everything built in allows.
func smallPod(tb testing.TB) map[string]any {
	tb.Helper()
	all, err := policytest.Cases(policies.FS, "pods/security")
	if err != nil {
		tb.Fatal(err)
	}
	for _, c := range all {
		if c.File == "pods/security/pass/restricted.yaml" {
			return c.Input
		}
	}
	tb.Fatal("the example is gone")
	return nil
}

func withMany(tb testing.TB, n, looking int) *engine.Program {
	tb.Helper()
	p, err := engine.Compile(context.Background(), engine.Options{Policies: policies.FS, More: []engine.Origin{many(n, looking)}})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

// TestManyAreAsked proves that what is measured decides: those that look at Pods, and no
// others.
func TestManyAreAsked(t *testing.T) {
	p := withMany(t, 20, 15)
	review, _ := copied(smallPod(t)).(map[string]any)
	object := review["request"].(map[string]any)["object"].(map[string]any)
	object["spec"] = map[string]any{"containers": []any{map[string]any{"name": "c", "image": "elsewhere.example/x"}}}
	result, err := decide(t, p, review)
	if err != nil {
		t.Fatal(err)
	}
	denials := 0
	for _, f := range result.Denials {
		if strings.HasPrefix(f.Rule, "many/") {
			denials++
		}
	}
	if denials != 30 {
		t.Errorf("%d denials of theirs, want two of each of the 15 that look at Pods", denials)
	}
}

// BenchmarkMany is a small Pod's decision with policies of somebody's beside all that are
// built in; 15 of them look at Pods, or as many as there are.
func BenchmarkMany(b *testing.B) {
	input, err := policytest.Value(smallPod(b))
	if err != nil {
		b.Fatal(err)
	}
	for _, n := range []int{0, 1, 15, 50, 500, 965} {
		p := withMany(b, n, min(n, 15))
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Eval(b.Context(), input, nil); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reviews/s")
		})
	}
}

// BenchmarkCompileMany is what it takes until a set is in force, and what it holds.
func BenchmarkCompileMany(b *testing.B) {
	for _, n := range []int{0, 500} {
		b.Run(fmt.Sprintf("%d", n), func(b *testing.B) {
			b.ReportAllocs()
			var before, after runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&before)
			var p *engine.Program
			for b.Loop() {
				p = withMany(b, n, min(n, 15))
			}
			runtime.GC()
			runtime.ReadMemStats(&after)
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MiB-held")
			runtime.KeepAlive(p)
		})
	}
}

// BenchmarkRefused is what a policy costs that is not taken, among 500 that are.
func BenchmarkRefused(b *testing.B) {
	for name, bad := range map[string]string{
		"syntax":   "package many.bad\n\ndeny contains if {",
		"built-in": "package many.bad\n\ndeny contains x if x := http.send({})",
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			origin := many(500, 15)
			origin.Files.(fstest.MapFS)["many/bad/rule.rego"] = &fstest.MapFile{Data: []byte(bad)}
			for b.Loop() {
				_, err := engine.Compile(context.Background(), engine.Options{Policies: policies.FS, More: []engine.Origin{origin}})
				if err == nil || !strings.Contains(err.Error(), "many/bad/rule.rego") || strings.Contains(err.Error(), "many/p") {
					b.Fatalf("want many/bad refused, and no other: %v", err)
				}
			}
		})
	}
}
