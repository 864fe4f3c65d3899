package home

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func TestDrift(t *testing.T) {
	// live is the wall as the API server stores it.
	live := func(change func(*networkingv1.NetworkPolicy)) *networkingv1.NetworkPolicy {
		p := &networkingv1.NetworkPolicy{}
		decode(t, networkPolicies(alice())[0], p)
		p.TypeMeta = metav1.TypeMeta{}
		p.ResourceVersion, p.UID = "7", "u"
		p.Spec.Ingress, p.Spec.Egress = nil, nil
		if change != nil {
			change(p)
		}
		return p
	}
	for name, tt := range map[string]struct {
		change func(*networkingv1.NetworkPolicy)
		want   []string
	}{
		"as it is wanted":           {nil, nil},
		"a label of another":        {func(p *networkingv1.NetworkPolicy) { p.Labels["more"] = "yes" }, nil},
		"a label that is gone":      {func(p *networkingv1.NetworkPolicy) { p.Labels = nil }, []string{"metadata.labels.app.kubernetes.io/managed-by", "metadata.labels.gatehouse.dev/tenant"}},
		"a door in the wall":        {func(p *networkingv1.NetworkPolicy) { p.Spec.Ingress = []networkingv1.NetworkPolicyIngressRule{{}} }, []string{"spec.ingress"}},
		"a selector of some":        {func(p *networkingv1.NetworkPolicy) { p.Spec.PodSelector.MatchLabels = map[string]string{"a": "b"} }, []string{"spec.podSelector"}},
		"one direction less":        {func(p *networkingv1.NetworkPolicy) { p.Spec.PolicyTypes = p.Spec.PolicyTypes[:1] }, []string{"spec.policyTypes"}},
		"the other direction twice": {func(p *networkingv1.NetworkPolicy) { p.Spec.PolicyTypes[0] = p.Spec.PolicyTypes[1] }, []string{"spec.policyTypes[0]"}},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Drift(networkPolicies(alice())[0], live(tt.change))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestDriftOfAmounts: an amount is compared as the API server writes it.
func TestDriftOfAmounts(t *testing.T) {
	quota := &corev1.ResourceQuota{}
	decode(t, resourceQuota(alice()), quota)
	if got, err := Drift(resourceQuota(alice()), quota); err != nil || len(got) > 0 {
		t.Errorf("as wanted: %v, %v", got, err)
	}
	quota.Spec.Hard["pods"] = resource.MustParse("100k")
	delete(quota.Spec.Hard, "secrets")
	got, err := Drift(resourceQuota(alice()), quota)
	if diff := cmp.Diff([]string{"spec.hard.pods", "spec.hard.secrets"}, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

// TestNothingOfAHomeDrifts: what is wanted is not in drift with itself.
func TestNothingOfAHomeDrifts(t *testing.T) {
	s := alice()
	all := []any{Namespace(s)}
	for _, o := range Objects(s) {
		all = append(all, o)
	}
	for _, o := range all {
		if got, err := Drift(o, o); err != nil || len(got) > 0 {
			t.Errorf("%T: %v, %v", o, got, err)
		}
	}
}
