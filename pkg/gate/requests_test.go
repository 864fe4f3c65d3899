package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	resourcehelper "k8s.io/component-helpers/resource"
	kjson "sigs.k8s.io/json"
)

// TestRequestsOfTheSpecThatCounts: a key of another case must not stand in for the spec, wherever
// it comes in the bytes.
func TestRequestsOfTheSpecThatCounts(t *testing.T) {
	const spec = `"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"2"}}}]}`
	for name, raw := range map[string]string{
		"one":            `{` + spec + `}`,
		"another after":  `{` + spec + `,"Spec":{"containers":[]}}`,
		"another before": `{"SPEC":{"containers":[{"name":"a"}]},` + spec + `}`,
	} {
		o, err := decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"cpu": 2}`, requests("", o).String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := requests("", object{value: ast.NewObject()}); got.Compare(ast.Null{}) != 0 {
		t.Errorf("what was decoded of nothing asks for %s", got)
	}
}

// pods are Pods whose requests take every way through the scheduler's sum.
var pods = map[string]string{
	"nothing":           `{}`,
	"no fields":         `{"spec":null,"status":null}`,
	"a limit alone":     `{"spec":{"containers":[{"name":"a","resources":{"limits":{"cpu":"500m","memory":"1Gi"}}}]}}`,
	"a number":          `{"spec":{"containers":[{"resources":{"requests":{"cpu":2,"memory":1e3,"example.com/n":0.5}}}]}}`,
	"an amount of null": `{"spec":{"containers":[{"resources":{"requests":{"cpu":null}}},null]}}`,
	"larger while it inits": `{"spec":{"initContainers":[{"name":"i","resources":{"requests":{"cpu":"3"}}}],
		"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Mi"}}}]}}`,
	"a sidecar": `{"spec":{"initContainers":[{"name":"s","restartPolicy":"Always","resources":{"requests":{"cpu":"1"}}},
		{"name":"i","resources":{"requests":{"cpu":"2"}}}],"containers":[{"name":"a","resources":{"requests":{"cpu":"1500m"}}}]}}`,
	"overhead, and the Pod's own": `{"spec":{"overhead":{"cpu":"10m","memory":"5Mi"},"resources":{"requests":{"cpu":"4","example.com/n":"1"}},
		"containers":[{"name":"a","resources":{"requests":{"cpu":"1","memory":"1Mi"}}}]}}`,
	"a resize on its way": `{"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"1"}}}]},
		"status":{"containerStatuses":[{"name":"a","allocatedResources":{"cpu":"2"},"resources":{"requests":{"cpu":"3","memory":"1Mi"}}}]}}`,
	"a resize that cannot be": `{"spec":{"initContainers":[{"name":"i","resources":{"requests":{"cpu":"1"}}}],"containers":[{"name":"a","resources":{"requests":{"cpu":"9"}}}]},
		"status":{"conditions":[{"type":"PodResizePending","reason":"Infeasible"}],"initContainerStatuses":[{"name":"i","allocatedResources":{"cpu":"5"}}],
		"containerStatuses":[{"name":"a","allocatedResources":{"cpu":"2"}}]}}`,
}

// byType is the same of a Pod that was decoded as the API's type, as the API server does.
func byType(t *testing.T, raw []byte) (ast.Value, bool) {
	t.Helper()
	var pod corev1.Pod
	if err := kjson.UnmarshalCaseSensitivePreserveInts(raw, &pod); err != nil {
		return nil, false
	}
	fillRequests(&pod)
	out := ast.NewObject()
	for name, amount := range resourcehelper.PodRequests(&pod, resourcehelper.PodResourcesOptions{UseStatusResources: true}) {
		out.Insert(ast.StringTerm(string(name)), ast.NewTerm(number(amount)))
	}
	return out, true
}

func TestRequestsAreThoseOfTheWholePod(t *testing.T) {
	for name, raw := range pods {
		want, ok := byType(t, []byte(raw))
		if !ok {
			t.Fatalf("%s is no Pod", name)
		}
		o, err := decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.String(), requests("", o).String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	for _, raw := range []string{
		`{"spec":[]}`, `{"spec":{"containers":{}}}`, `{"spec":{"containers":["a"]}}`, `{"spec":{"containers":[{"resources":"1"}]}}`,
		`{"spec":{"containers":[{"resources":{"requests":{"cpu":"much"}}}]}}`, `{"spec":{"containers":[{"resources":{"requests":{"cpu":true}}}]}}`,
		`{"spec":{"initContainers":[{"restartPolicy":1}]}}`, `{"spec":{"overhead":[]}}`,
	} {
		o, err := decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if got := requests("", o); got.Compare(ast.Null{}) != 0 {
			t.Errorf("%s asks for %s", raw, got)
		}
	}
}

func FuzzRequests(f *testing.F) {
	for _, raw := range pods {
		f.Add([]byte(raw))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		o, err := decode(raw)
		if err != nil {
			return
		}
		got := requests("", o)
		if want, ok := byType(t, raw); ok && want.Compare(got) != 0 {
			t.Errorf("%s asks for %s, as the API's type for %s", raw, got, want)
		}
	})
}
