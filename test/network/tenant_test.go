package network

import (
	"fmt"
	"os"
	"slices"
	"testing"

	networkingv1 "k8s.io/api/networking/v1"
	"sigs.k8s.io/yaml"
)

// tenantCase is a NetworkPolicy that alice writes.
type tenantCase struct {
	Case    string                         `json:"case"`
	Allowed bool                           `json:"allowed"`
	Spec    networkingv1.NetworkPolicySpec `json:"spec"`
}

// beside is the platform's policies and this one.
func (c tenantCase) beside(t testing.TB) wall {
	t.Helper()
	return newWall(platform(t), []*networkingv1.NetworkPolicy{ofAlice(c.Spec)})
}

func tenantCases(t testing.TB) []tenantCase {
	t.Helper()
	raw, err := os.ReadFile("testdata/tenant.yaml")
	if err != nil {
		t.Fatal(err)
	}
	var out []tenantCase
	if err := yaml.UnmarshalStrict(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// opening is a packet that passes with a tenant's policy and not without it.
type opening struct {
	way string
	peer
	on probe
}

func (o opening) String() string { return fmt.Sprintf("%s %s %s", o.way, o.name, o.on) }

// foreign is what no tenant may open: whoever is neither of her namespace nor public.
func (o opening) foreign() bool { return !o.public && o.namespace != aliceNamespace }

// openings compares two sets of policies over some peers and probes.
func openings(without, with wall, peers []peer, probes []probe) []opening {
	var out []opening
	own := session.traffic()[0]
	for _, way := range []string{outward, inward} {
		for _, p := range peers {
			for _, on := range probes {
				for _, address := range p.traffic() {
					now := judge(with, way, own, address, on)
					if now != closed && now != judge(without, way, own, address, on) {
						out = append(out, opening{way, p, on})
						break
					}
				}
			}
		}
	}
	return out
}

// TestTenantsOwnPolicies adds one policy after the other to those of the platform. What
// the rule allows opens nothing foreign; what it denies would have.
func TestTenantsOwnPolicies(t *testing.T) {
	judged := newRule(t, nil)
	base := newWall(platform(t))
	peers := slices.Concat(pods, addresses)
	for _, c := range tenantCases(t) {
		t.Run(c.Case, func(t *testing.T) {
			if got := judged.allows(t, ofAlice(c.Spec)); got != c.Allowed {
				t.Errorf("the rule allows it: %v, want %v", got, c.Allowed)
			}
			opened := openings(base, c.beside(t), peers, probes)
			foreign := slices.DeleteFunc(slices.Clone(opened), func(o opening) bool { return !o.foreign() })
			if c.Allowed && len(foreign) > 0 {
				t.Errorf("it opens %v", foreign)
			}
			if !c.Allowed && len(foreign) == 0 {
				t.Errorf("it is denied and would open nothing foreign, but %v", opened)
			}
		})
	}
}
