package network

import (
	"fmt"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// TestAnyPolicyOfATenant lets chance write policies. Whatever the rule allows opens
// nothing foreign in the matrix, at the ends of the ranges that are set aside, or inside.
// None of them names a port, so two that the platform keeps closed stand for all.
func TestAnyPolicyOfATenant(t *testing.T) {
	judged := newRule(t, nil)
	base := platform(t)
	without := newWall(base)
	allowed, denied, opening := 0, 0, 0
	random := rand.New(rand.NewPCG(3, 4))
	for range 1000 {
		policy := ofAlice(randomSpec(random))
		if !judged.allows(t, policy) {
			denied++
			continue
		}
		allowed++
		peers := slices.Concat(pods, addresses)
		for _, r := range somewhere {
			peers = append(peers, peer{name: r.String(), addresses: []string{
				r.Addr().String(), addressIn(random, r).String(), addressIn(random, r).String(),
			}})
		}
		with := newWall(base, []*networkingv1.NetworkPolicy{policy})
		opened := openings(without, with, peers, []probe{{corev1.ProtocolTCP, 22}, {corev1.ProtocolUDP, 443}})
		if len(opened) > 0 {
			opening++
		}
		for _, o := range opened {
			if o.foreign() {
				t.Errorf("%+v is allowed and opens %s", policy.Spec, o)
			}
		}
	}
	if allowed < 100 || denied < 100 || opening < 50 {
		t.Errorf("chance wrote %d policies that are allowed, %d of which open anything, and %d that are not: too few", allowed, opening, denied)
	}
	t.Logf("%d allowed, of which %d open something; %d denied", allowed, opening, denied)
}

func randomSpec(random *rand.Rand) networkingv1.NetworkPolicySpec {
	spec := networkingv1.NetworkPolicySpec{}
	for range random.IntN(3) {
		spec.Ingress = append(spec.Ingress, networkingv1.NetworkPolicyIngressRule{From: randomPeers(random)})
	}
	for range random.IntN(3) {
		spec.Egress = append(spec.Egress, networkingv1.NetworkPolicyEgressRule{To: randomPeers(random)})
	}
	return spec
}

// randomPeers are none in one case of twenty.
func randomPeers(random *rand.Rand) []networkingv1.NetworkPolicyPeer {
	var out []networkingv1.NetworkPolicyPeer
	if random.IntN(20) == 0 {
		return out
	}
	for range 1 + random.IntN(2) {
		out = append(out, randomPeer(random))
	}
	return out
}

func randomPeer(random *rand.Rand) networkingv1.NetworkPolicyPeer {
	selector := func() *metav1.LabelSelector {
		return &metav1.LabelSelector{MatchLabels: map[string]string{"app": "db"}}
	}
	switch random.IntN(12) {
	case 0:
		return networkingv1.NetworkPolicyPeer{PodSelector: &metav1.LabelSelector{}}
	case 1:
		return networkingv1.NetworkPolicyPeer{PodSelector: selector()}
	case 2:
		return networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{}, PodSelector: selector()}
	}
	return networkingv1.NetworkPolicyPeer{IPBlock: randomBlock(random)}
}

// randomBlock is around a public address or in a range that is set aside, with all of
// these left out, all but one, or other parts of it.
func randomBlock(random *rand.Rand) *networkingv1.IPBlock {
	address := publicAddress(random)
	if random.IntN(4) == 0 {
		address = addressIn(random, somewhere[random.IntN(len(somewhere))])
	}
	cidr := netip.PrefixFrom(address, random.IntN(address.BitLen()+1)).Masked()
	block := &networkingv1.IPBlock{CIDR: cidr.String()}
	skipped := random.IntN(3 * len(somewhere))
	for i, r := range somewhere {
		if i != skipped && cidr.Contains(r.Addr()) && cidr.Bits() < r.Bits() {
			block.Except = append(block.Except, r.String())
		}
	}
	if random.IntN(4) == 0 && cidr.Bits() < cidr.Addr().BitLen() {
		half := netip.PrefixFrom(addressIn(random, cidr), cidr.Bits()+1).Masked()
		block.Except = append(block.Except, half.String())
	}
	if random.IntN(8) == 0 && cidr.Addr().Is4() {
		block = &networkingv1.IPBlock{CIDR: fmt.Sprintf("::ffff:%s/%d", cidr.Addr(), 96+cidr.Bits())}
	}
	return block
}
