package network

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"testing"

	"github.com/mattfenwick/cyclonus/pkg/matcher"
	networkingv1 "k8s.io/api/networking/v1"
	"k8s.io/apimachinery/pkg/util/yaml"
	sigsyaml "sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/provision/home"
)

const (
	aliceNamespace  = "claude-runner-user-alice"
	bobNamespace    = "claude-runner-user-bob"
	systemNamespace = "claude-runner-system"
)

// homePolicies are the NetworkPolicies that the provisioner puts in a tenant's namespace.
func homePolicies(t testing.TB, tenant, namespace string) []*networkingv1.NetworkPolicy {
	t.Helper()
	var out []*networkingv1.NetworkPolicy
	for _, o := range home.Objects(home.Spec{Tenant: tenant, Namespace: namespace, SystemNamespace: systemNamespace}) {
		if *o.GetKind() != "NetworkPolicy" {
			continue
		}
		raw, err := sigsyaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, decodePolicies(t, raw)...)
	}
	if len(out) == 0 {
		t.Fatalf("the home of %s has no NetworkPolicy", tenant)
	}
	return out
}

// installationPolicies are those of Gatehouse's own Pods.
func installationPolicies(t testing.TB) []*networkingv1.NetworkPolicy {
	t.Helper()
	raw, err := os.ReadFile("../../config/manager/network.yaml")
	if err != nil {
		t.Fatal(err)
	}
	return decodePolicies(t, raw)
}

// platform is every NetworkPolicy of a cluster with two tenants who wrote none.
func platform(t testing.TB) []*networkingv1.NetworkPolicy {
	t.Helper()
	return slices.Concat(homePolicies(t, "alice", aliceNamespace), homePolicies(t, "bob", bobNamespace), installationPolicies(t))
}

func decodePolicies(t testing.TB, raw []byte) []*networkingv1.NetworkPolicy {
	t.Helper()
	var out []*networkingv1.NetworkPolicy
	documents := yaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(raw)))
	for {
		document, err := documents.Read()
		if errors.Is(err, io.EOF) {
			return out
		}
		if err != nil {
			t.Fatal(err)
		}
		policy := &networkingv1.NetworkPolicy{}
		if err := sigsyaml.UnmarshalStrict(document, policy); err != nil {
			t.Fatal(err)
		}
		out = append(out, defaulted(policy))
	}
}

// defaulted fills policyTypes as the API server does.
func defaulted(policy *networkingv1.NetworkPolicy) *networkingv1.NetworkPolicy {
	if len(policy.Spec.PolicyTypes) == 0 {
		policy.Spec.PolicyTypes = []networkingv1.PolicyType{networkingv1.PolicyTypeIngress}
		if len(policy.Spec.Egress) > 0 {
			policy.Spec.PolicyTypes = append(policy.Spec.PolicyTypes, networkingv1.PolicyTypeEgress)
		}
	}
	return policy
}

// wall answers for a set of policies.
type wall struct{ policy *matcher.Policy }

// newWall takes the policies as they are: cyclonus may also simplify them first, and
// then it judges something other than what was written.
func newWall(policies ...[]*networkingv1.NetworkPolicy) wall {
	return wall{matcher.BuildNetworkPolicies(false, slices.Concat(policies...))}
}

// passes says whether the sender's policies let a packet out and the receiver's let it
// in. No policy applies to who is no Pod.
func (w wall) passes(from, to *matcher.TrafficPeer, p probe) (leaves, arrives bool) {
	result := w.policy.IsTrafficAllowed(&matcher.Traffic{
		Source: from, Destination: to, ResolvedPort: p.port, Protocol: p.protocol,
	})
	return result.Egress.IsAllowed(), result.Ingress.IsAllowed()
}
