package network

import (
	"math/rand/v2"
	"testing"

	corev1 "k8s.io/api/core/v1"
)

const rounds = 5000

// randomProbe is a well-known port as often as any other.
func randomProbe(random *rand.Rand) probe {
	if random.IntN(2) == 0 {
		return probes[random.IntN(len(probes))]
	}
	protocols := []corev1.Protocol{corev1.ProtocolTCP, corev1.ProtocolUDP, corev1.ProtocolSCTP}
	return probe{protocols[random.IntN(len(protocols))], 1 + random.IntN(65535)}
}

// TestAnyAddress asks about addresses that nobody thought of: the public web is open on
// TCP 80 and 443 and on nothing else, whatever is set aside is closed, and nobody outside
// comes in.
func TestAnyAddress(t *testing.T) {
	w := newWall(platform(t))
	random := rand.New(rand.NewPCG(1, 2))
	check := func(address string, on probe, want verdict) {
		t.Helper()
		p := peer{name: address, addresses: []string{address}}
		if got := ask(t, w, outward, p, on); got != want {
			t.Errorf("egress to %s on %s is %s, want %s", address, on, got, want)
		}
		if got := ask(t, w, inward, p, on); got != closed {
			t.Errorf("ingress from %s on %s is %s", address, on, got)
		}
	}
	for range rounds {
		address, on := publicAddress(random).String(), randomProbe(random)
		want := closed
		if on.protocol == corev1.ProtocolTCP && (on.port == 80 || on.port == 443) {
			want = open
		}
		check(address, on, want)
		check(address, probe{corev1.ProtocolTCP, 443}, open)
	}
	ranges := append(append(prefixes(), somewhere...), nowhere...)
	for _, r := range ranges {
		for range rounds / len(ranges) {
			check(addressIn(random, r).String(), randomProbe(random), closed)
			check(addressIn(random, r).String(), probe{corev1.ProtocolTCP, 443}, closed)
		}
	}
	t.Logf("%d public addresses, %d in %d ranges that are none", rounds, 2*(rounds/len(ranges))*len(ranges), len(ranges))
}
