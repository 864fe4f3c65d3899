package gate_test

import (
	"encoding/json"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"

	"gatehouse.dev/gatehouse/pkg/review"
	entries "gatehouse.dev/gatehouse/test/manifests/admission"
	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// conditions are the compiled match conditions of the webhook configurations, by entry:
// what they leave out never comes to the gate.
type conditions map[review.Entry]matchconditions.Matcher

func compileConditions(t *testing.T) conditions {
	t.Helper()
	compiler := celplugin.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	out := conditions{}
	at := installation.Installation{
		AliasPrefixes: `["local:"]`, AdminGroups: `["system:masters"]`, AdminUsers: `[]`,
		SystemNamespace: "claude-runner-system", NamespacePrefix: "claude-runner-user-",
	}
	for _, entry := range entries.Entries(at) {
		var accessors []celplugin.ExpressionAccessor
		for _, c := range entries.MatchConditions(at, entry) {
			accessors = append(accessors, (*matchconditions.MatchCondition)(&c))
		}
		evaluator := compiler.CompileCondition(accessors, celplugin.OptionalVariableDeclarations{HasAuthorizer: true}, environment.NewExpressions)
		for _, err := range evaluator.CompilationErrors() {
			t.Fatalf("conditions of %s: %v", entry.Name, err)
		}
		out[review.Entry(entry.Path)] = matchconditions.NewMatcher(evaluator, nil, "webhook", "validate", entry.Name)
	}
	return out
}

// asked reports whether the API server would ask us about a request at all.
func (c conditions) asked(t *testing.T, r review.Request) bool {
	t.Helper()
	now, was := anyObject(t, r.Object), anyObject(t, r.OldObject)
	kind := schema.GroupVersionKind{Group: r.Kind.Group, Version: r.Kind.Version, Kind: r.Kind.Kind}
	attributes := admission.NewAttributesRecord(now, was, kind, r.Namespace, r.Name,
		schema.GroupVersionResource{Group: r.Resource.Group, Version: r.Resource.Version, Resource: r.Resource.Resource}, r.SubResource,
		admission.Operation(r.Operation), nil, false, &user.DefaultInfo{Name: r.Subject.Username, Groups: r.Subject.Groups})
	result := c[r.Entry].Match(t.Context(), &admission.VersionedAttributes{Attributes: attributes,
		VersionedObject: admission.NewLazyObject(now), VersionedOldObject: admission.NewLazyObject(was), VersionedKind: kind}, nil, nil)
	if result.Error != nil {
		t.Fatalf("%s %s by %s: condition: %v", r.Operation, r.Resource.GroupResource(), r.Subject.Username, result.Error)
	}
	return result.Matches
}

// anyObject returns an untyped nil for an absent object, as the API server has it.
func anyObject(t *testing.T, raw json.RawMessage) runtime.Object {
	t.Helper()
	if len(raw) == 0 {
		return nil
	}
	u := &unstructured.Unstructured{}
	if err := json.Unmarshal(raw, &u.Object); err != nil {
		t.Fatal(err)
	}
	return u
}
