package engine_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// manyTemplates are as many templates with a constraint each, of which the first
// matching ones look at Pods and the others at kinds that nobody writes, or at Pods of
// other namespaces.
func manyTemplates(tb testing.TB, constraints, matching int, others string) *gatekeeper.Set {
	tb.Helper()
	var docs []gatekeeper.Document
	for i := range constraints {
		text := strings.ReplaceAll(benchTemplate, "NUMBER", fmt.Sprint(i))
		match := "{kinds: [{apiGroups: [''], kinds: [Pod]}]}"
		if i >= matching {
			match = strings.ReplaceAll(others, "NUMBER", fmt.Sprint(i))
		}
		text += fmt.Sprintf("---\napiVersion: constraints.gatekeeper.sh/v1beta1\nkind: Bench%d\nmetadata: {name: one}\nspec:\n  match: %s\n  parameters: {cpu: \"4\", exemptImages: [\"registry.example.com/free/*\"]}\n", i, match)
		more, err := gatekeeper.Decode("bench.yaml", []byte(text))
		if err != nil {
			tb.Fatal(err)
		}
		docs = append(docs, more...)
	}
	set, err := gatekeeper.New(docs, nil)
	if err != nil {
		tb.Fatal(err)
	}
	return set
}

const benchTemplate = `apiVersion: templates.gatekeeper.sh/v1
kind: ConstraintTemplate
metadata: {name: benchNUMBER}
spec:
  crd:
    spec:
      names: {kind: BenchNUMBER}
      validation:
        openAPIV3Schema:
          type: object
          properties:
            cpu: {type: string}
            exemptImages: {type: array, items: {type: string}}
  targets:
    - target: admission.k8s.gatekeeper.sh
      rego: |
        package benchNUMBER

        import data.lib.exempt.is_exempt

        millis(given) = n {
          endswith(given, "m")
          n := to_number(replace(given, "m", ""))
        }

        millis(given) = n {
          not endswith(given, "m")
          re_match("^[0-9]+$", given)
          n := to_number(given) * 1000
        }

        violation[{"msg": msg}] {
          container := input.review.object.spec.containers[_]
          not is_exempt(container)
          millis(container.resources.limits.cpu) > millis(input.parameters.cpu)
          msg := sprintf("container <%v> has too much", [container.name])
        }

        violation[{"msg": msg}] {
          container := input.review.object.spec.containers[_]
          not is_exempt(container)
          container.securityContext.privileged
          msg := sprintf("container <%v> is privileged", [container.name])
        }
      libs:
        - |
          package lib.exempt

          is_exempt(container) {
            images := object.get(object.get(input, "parameters", {}), "exemptImages", [])
            image := images[_]
            endswith(image, "*")
            startswith(container.image, trim_suffix(image, "*"))
          }
`

// benchPod is a whole review of a Pod that nobody finds fault with.
const benchPod = `{
  "request": {"uid": "u", "kind": {"group": "", "version": "v1", "kind": "Pod"}, "resource": {"group": "", "version": "v1", "resource": "pods"},
    "name": "web", "namespace": "team-a", "operation": "CREATE", "userInfo": {"username": "local:alice", "groups": ["gatehouse:users"]}, "dryRun": false,
    "oldObject": null, "options": {"apiVersion": "meta.k8s.io/v1", "kind": "CreateOptions"},
    "object": {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "team-a", "labels": {"app": "web"}},
      "spec": {"serviceAccountName": "default", "containers": [
        {"name": "main", "image": "registry.example.com/main:1", "resources": {"limits": {"cpu": "500m", "memory": "1Gi"}}, "securityContext": {"privileged": false}},
        {"name": "side", "image": "registry.example.com/side:1", "resources": {"limits": {"cpu": "1", "memory": "1Gi"}}}]}}},
  "namespace": {"name": "team-a", "labels": {"gatehouse.dev/tenant": "alice"}}, "now": "2026-01-01T00:00:00Z"
}`

const (
	otherKinds      = "{kinds: [{apiGroups: [example.com], kinds: [OtherNUMBER]}]}"
	otherNamespaces = "{kinds: [{apiGroups: [''], kinds: [Pod]}], namespaces: [tenant-NUMBER]}"
)

// BenchmarkConstraints asks n constraints of which 15 look at the review; the policies
// of Gatehouse are asked too.
func BenchmarkConstraints(b *testing.B) {
	input, err := engine.ObjectValue([]byte(benchPod))
	if err != nil {
		b.Fatal(err)
	}
	for _, tt := range []struct {
		name                  string
		constraints, matching int
		others                string
	}{
		{"0", 0, 0, ""}, {"1", 1, 1, ""}, {"15", 15, 15, ""}, {"50-of-which-15-match", 50, 15, otherKinds}, {"500-of-which-15-match", 500, 15, otherKinds},
		{"1000-of-other-kinds", 1000, 0, otherKinds}, {"1000-of-other-namespaces", 1000, 0, otherNamespaces},
	} {
		b.Run(tt.name, func(b *testing.B) {
			set := manyTemplates(b, tt.constraints, tt.matching, tt.others)
			constraints := engine.NewConstraints(set, gatekeeper.PointWebhook, false)
			ctx := context.Background()
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				found, err := constraints.ReviewInput(ctx, input, nil)
				if err != nil || len(found) > 0 {
					b.Fatal(found, err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reviews/s")
		})
	}
}

// BenchmarkConstraintSet compiles 500 templates with a constraint each, and takes them
// over when one changed.
func BenchmarkConstraintSet(b *testing.B) {
	b.Run("500", func(b *testing.B) {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		set := manyTemplates(b, 500, 15, otherKinds)
		runtime.GC()
		runtime.ReadMemStats(&after)
		b.ReportAllocs()
		b.ResetTimer()
		for b.Loop() {
			manyTemplates(b, 500, 15, otherKinds)
		}
		b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/(1<<20), "MiB-held")
		runtime.KeepAlive(set)
	})
	b.Run("500-taken-over", func(b *testing.B) {
		set := manyTemplates(b, 500, 15, otherKinds)
		docs := set.Documents()
		b.ReportAllocs()
		b.ResetTimer()
		for b.Loop() {
			if _, err := gatekeeper.New(docs, set); err != nil {
				b.Fatal(err)
			}
		}
	})
}
