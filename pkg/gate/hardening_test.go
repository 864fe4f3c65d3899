package gate_test

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"

	"gatehouse.dev/gatehouse/pkg/review"
)

// TestHardenedPods makes Pods of every mixture of what authors say and leave out, and
// holds both phases against Kubernetes' own checks: what the author said stays, a second
// pass changes nothing, and what comes out is denied where Pod Security restricted denies
// it and nowhere else.
func TestHardenedPods(t *testing.T) {
	w := newWorld(t)
	version := api.MajorMinorVersion(1, 37)
	checks, err := policy.NewEvaluator(policy.DefaultChecks(), &version)
	if err != nil {
		t.Fatal(err)
	}
	restricted := api.LevelVersion{Level: api.LevelRestricted, Version: version}
	const seed = 5
	random := author{rand.New(rand.NewPCG(seed, seed))} //nolint:gosec // a test that repeats
	filled, denied := 0, 0
	const pods = 600
	for range pods {
		said := random.pod()
		v, stored := w.write(newPod(said))
		if stored == nil {
			t.Fatalf("%v: %s", said, v.Message())
		}
		spec := stored["spec"].(doc)
		if lost := missing(said, spec, "spec"); len(lost) > 0 {
			t.Fatalf("%v: the author's %v is not as it was in %v", said, lost, spec)
		}
		again := w.gate.Handle(t.Context(), w.request(newPod(spec), review.Mutating))
		if diff := cmp.Diff(spec, w.apply(newPod(spec).object, again.Patches)["spec"]); diff != "" {
			t.Fatalf("%v: a second pass changes it:\n%s", said, diff)
		}
		var pod corev1.Pod
		if err := json.Unmarshal(w.bytes(stored), &pod); err != nil {
			t.Fatal(err)
		}
		verdict := policy.AggregateCheckResults(checks.EvaluatePod(restricted, &pod.ObjectMeta, &pod.Spec))
		if ours := byPodRules(v); verdict.Allowed == ours {
			t.Fatalf("%v: restricted says %t %s, we say\n%s", said, verdict.Allowed, verdict.ForbiddenDetail(), v.Message())
		}
		if cmp.Diff(said, spec) != "" {
			filled++
		}
		if !verdict.Allowed {
			denied++
		}
	}
	if denied < pods/10 || denied > pods*9/10 {
		t.Errorf("%d of %d Pods are denied: the mixture proves little", denied, pods)
	}
	t.Logf("%d Pods, %d filled in, %d denied", pods, filled, denied)
}

func newPod(spec doc) call {
	return call{as: "local:alice", op: review.Create, kind: "Pod", resource: "pods",
		object: doc{"apiVersion": "v1", "kind": "Pod", "metadata": meta("p"), "spec": spec}}
}

func byPodRules(v review.Verdict) bool {
	return slices.ContainsFunc(v.Denials, func(d review.Denial) bool {
		return d.Rule == "pods/security" || d.Rule == "pods/host-access"
	})
}

// missing lists what of one value is not in the other as it was.
func missing(said, have any, at string) []string {
	switch said := said.(type) {
	case doc:
		have, _ := have.(doc)
		var out []string
		for key, value := range said {
			out = append(out, missing(value, have[key], at+"."+key)...)
		}
		return out
	case []any:
		have, _ := have.([]any)
		if len(have) != len(said) {
			return []string{at}
		}
		var out []string
		for i := range said {
			out = append(out, missing(said[i], have[i], at)...)
		}
		return out
	}
	if !cmp.Equal(plain(said), plain(have)) {
		return []string{at}
	}
	return nil
}

// plain makes numbers of one type.
func plain(v any) any {
	if n, ok := v.(int); ok {
		return float64(n)
	}
	return v
}

// author writes Pods, saying each thing or not.
type author struct{ *rand.Rand }

// maybe leaves a field out or sets it to one of some values, mostly the first.
func (a author) maybe(d doc, field string, values ...any) {
	i := a.IntN(12)
	if i < 7 {
		return
	}
	if i < 11 {
		d[field] = values[0]
		return
	}
	d[field] = values[a.IntN(len(values))]
}

func (a author) seccomp() any {
	d := doc{"type": "RuntimeDefault"}
	a.maybe(d, "type", "RuntimeDefault", "Localhost", "Unconfined")
	return d
}

func (a author) capabilities() any {
	d := doc{}
	a.maybe(d, "drop", []any{"ALL"}, []any{"NET_RAW"}, []any{"NET_RAW", "ALL"})
	a.maybe(d, "add", []any{"NET_BIND_SERVICE"}, []any{"SYS_ADMIN"}, []any{"NET_BIND_SERVICE", "CHOWN"})
	return d
}

func (a author) context(container bool) doc {
	d := doc{}
	a.maybe(d, "runAsNonRoot", true, false)
	a.maybe(d, "runAsUser", 2000, 0)
	a.maybe(d, "runAsGroup", 2000, 0)
	a.maybe(d, "seccompProfile", a.seccomp())
	if !container {
		a.maybe(d, "fsGroup", 2000, 0)
		return d
	}
	a.maybe(d, "allowPrivilegeEscalation", false, true)
	a.maybe(d, "privileged", false, true)
	a.maybe(d, "capabilities", a.capabilities())
	return d
}

func (a author) containers(prefix string, n int) []any {
	var out []any
	for i := range n {
		d := doc{"name": prefix + strings.Repeat("x", i), "image": "registry.k8s.io/pause"}
		a.maybe(d, "securityContext", a.context(true))
		out = append(out, d)
	}
	return out
}

// pod leaves out of a Windows Pod what the API server lets none have.
func (a author) pod() doc {
	if a.IntN(10) == 0 {
		d := doc{"os": doc{"name": "windows"}, "containers": []any{doc{"name": "c", "image": "registry.k8s.io/pause"}}}
		a.maybe(d, "securityContext", doc{"runAsNonRoot": true}, doc{"runAsNonRoot": false})
		return d
	}
	d := doc{"containers": a.containers("c", 1+a.IntN(3))}
	a.maybe(d, "securityContext", a.context(false))
	a.maybe(d, "initContainers", a.containers("i", 1+a.IntN(2)))
	a.maybe(d, "os", doc{"name": "linux"})
	a.maybe(d, "hostUsers", true, false)
	a.maybe(d, "volumes", []any{doc{"name": "v", "emptyDir": doc{}}}, []any{doc{"name": "v", "nfs": doc{"server": "s", "path": "/"}}})
	return d
}
