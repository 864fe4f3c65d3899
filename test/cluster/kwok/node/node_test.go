package node

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestParse(t *testing.T) {
	got, err := Parse([]string{"node-0=a.yaml", "node-1=b=c.yaml"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Node{{"node-0", "a.yaml"}, {"node-1", "b=c.yaml"}}, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
	for _, pair := range []string{"node-0", "=a.yaml", "node-0=", ""} {
		if _, err := Parse([]string{pair}); err == nil {
			t.Errorf("%q was read", pair)
		}
	}
}

// A heartbeat that went missing would show only after a minute, as nodes not Ready.
func TestStages(t *testing.T) {
	shipped, err := stages()
	if err != nil {
		t.Fatal(err)
	}
	got := map[string][]string{}
	for ref, all := range shipped {
		for _, stage := range all {
			got[ref.Kind] = append(got[ref.Kind], stage.Name)
		}
	}
	want := map[string][]string{
		"Node": {"node-initialize", "node-heartbeat"},
		"Pod":  {"pod-ready", "pod-complete", "pod-delete"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}
