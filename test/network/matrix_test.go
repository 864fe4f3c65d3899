package network

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/mattfenwick/cyclonus/pkg/matcher"
)

// verdict on one peer and probe, in the order of how far a packet comes.
type verdict string

const (
	closed verdict = "–"
	// leaves: the sender's policies let it out, the receiver's do not let it in.
	leaves verdict = "stopped there"
	open   verdict = "open"
)

// ways to ask: from alice's session to a peer, and from a peer to it.
const (
	outward = "egress"
	inward  = "ingress"
)

// ask has the engine judge every address of a peer and fails where they differ. Inward,
// alice's policies are asked alone: a peer whose own policies hold it back proves nothing.
func ask(t testing.TB, w wall, way string, p peer, on probe) verdict {
	t.Helper()
	seen := map[verdict][]string{}
	var last verdict
	for _, other := range p.traffic() {
		for _, own := range session.traffic() {
			last = judge(w, way, own, other, on)
			seen[last] = append(seen[last], other.IP)
		}
	}
	if len(seen) != 1 {
		t.Errorf("%s, %s on %s: the answer depends on the address: %v", way, p.name, on, seen)
	}
	return last
}

func judge(w wall, way string, own, other *matcher.TrafficPeer, on probe) verdict {
	if way == inward {
		if _, arrives := w.passes(other, own, on); arrives {
			return open
		}
		return closed
	}
	out, in := w.passes(own, other, on)
	switch {
	case out && in:
		return open
	case out:
		return leaves
	}
	return closed
}

// row is the verdicts on one peer, by probe.
type row map[probe]verdict

func portsOf(t testing.TB, w wall, way string, p peer) row {
	t.Helper()
	out := row{}
	for _, on := range probes {
		out[on] = ask(t, w, way, p, on)
	}
	return out
}

// String lists what is not closed, as "TCP 80, TCP 443"; all is every probe.
func (r row) String() string {
	var parts []string
	for _, on := range probes {
		switch r[on] {
		case open:
			parts = append(parts, on.String())
		case leaves:
			parts = append(parts, on.String()+" stopped there")
		}
	}
	switch all := strings.Join(parts, ", "); {
	case len(parts) == 0:
		return "nothing"
	case len(parts) == len(probes) && !strings.Contains(all, string(leaves)):
		return "everything"
	default:
		return all
	}
}

// reached is all that a session reaches, by peer's name; every other peer is closed.
var reached = map[string]string{
	"the model gateway (`claude-runner-system`)": "everything",
	"kube-dns (`kube-system`)":                   "UDP 53, TCP 53",
	"public IPv4":                                "TCP 80, TCP 443",
	"public IPv6":                                "TCP 80, TCP 443",
}

func TestMatrix(t *testing.T) {
	w := newWall(platform(t))
	everybody := append(append([]peer{}, pods...), addresses...)
	want, got := map[string]string{}, map[string]string{}
	for _, p := range everybody {
		want[outward+" "+p.name], want[inward+" "+p.name] = "nothing", "nothing"
		if ports, ok := reached[p.name]; ok {
			want[outward+" "+p.name] = ports
		}
		for _, way := range []string{outward, inward} {
			got[way+" "+p.name] = portsOf(t, w, way, p).String()
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	t.Logf("%d peers, %d probes, both ways", len(everybody), len(probes))
}

// TestTheEngineCanSayYes is the control: without policies all is open, and without the
// first policy of a home the others let everybody in.
func TestTheEngineCanSayYes(t *testing.T) {
	none := newWall(nil)
	lone := newWall(homePolicies(t, "alice", aliceNamespace)[1:])
	for _, p := range append(append([]peer{}, pods...), addresses...) {
		for _, way := range []string{outward, inward} {
			if got := portsOf(t, none, way, p).String(); got != "everything" {
				t.Errorf("without policies, %s, %s: %s", way, p.name, got)
			}
		}
		if got := portsOf(t, lone, inward, p).String(); got != "everything" {
			t.Errorf("without gatehouse-default-deny, %s, %s: %s", inward, p.name, got)
		}
	}
}
