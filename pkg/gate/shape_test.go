package gate

import (
	"fmt"
	"testing"
)

// TestFewKindsAreKept: kinds and resources come out as they are, and whoever makes up more than a
// cluster has costs no memory for good.
func TestFewKindsAreKept(t *testing.T) {
	t.Parallel()
	n := named{shape: shapeOf("group version kind")}
	for round := range 2 {
		for i := range mostNamed + 100 {
			kind := fmt.Sprintf("Kind%d", i)
			want := fmt.Sprintf(`{"group": "g", "kind": %q, "version": "v1"}`, kind)
			if got := n.of("g", "v1", kind).String(); got != want {
				t.Fatalf("round %d: %s, want %s", round, got, want)
			}
		}
	}
	if kept := len(*n.known.Load()); kept != mostNamed {
		t.Errorf("%d are kept, want %d", kept, mostNamed)
	}
	if one, again := n.of("g", "v1", "Kind0"), n.of("g", "v1", "Kind0"); one != again {
		t.Error("one that is kept is made anew")
	}
}
