package network

import (
	"encoding/json"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
	"gatehouse.dev/gatehouse/policies"
)

const ruleName = "networking/policies"

// rule is the built-in policies, asked about NetworkPolicies of alice's.
type rule struct {
	program *engine.Program
	review  map[string]any
}

func newRule(t testing.TB, parameters map[string]map[string]any) rule {
	t.Helper()
	program, err := engine.Compile(t.Context(), engine.Options{Policies: policies.FS, Parameters: parameters})
	if err != nil {
		t.Fatal(err)
	}
	examples, err := policytest.Cases(policies.FS, ruleName)
	if err != nil {
		t.Fatal(err)
	}
	if len(examples) == 0 {
		t.Fatalf("%s has no example to start from", ruleName)
	}
	return rule{program, examples[0].Input}
}

// allows fails the test where anybody but the rule on NetworkPolicies denies.
func (r rule) allows(t testing.TB, policy *networkingv1.NetworkPolicy) bool {
	t.Helper()
	raw, err := json.Marshal(policy)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	request := r.review["request"].(map[string]any)
	request["object"], request["name"] = object, policy.Name
	input, err := policytest.Value(r.review)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := r.program.Eval(t.Context(), input, nil)
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Decode(answer)
	if err != nil {
		t.Fatal(err)
	}
	for _, denial := range result.Denials {
		if denial.Rule != ruleName {
			t.Fatalf("denied by %s: %s", denial.Rule, denial.Msg)
		}
	}
	return len(result.Denials) == 0
}

// ofAlice makes a policy in alice's namespace.
func ofAlice(spec networkingv1.NetworkPolicySpec) *networkingv1.NetworkPolicy {
	return defaulted(&networkingv1.NetworkPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "networking.k8s.io/v1", Kind: "NetworkPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: "own", Namespace: aliceNamespace},
		Spec:       spec,
	})
}
