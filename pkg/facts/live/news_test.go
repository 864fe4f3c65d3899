package live

import (
	"maps"
	"slices"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	toolscache "k8s.io/client-go/tools/cache"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
)

func tenantAt(name, version string) *v1alpha1.Tenant {
	return &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name, ResourceVersion: version}}
}

// TestTheLastWordCounts: of what an informer tells of an object between two looks, the last is
// taken, a deletion that nobody watched too, and nothing twice.
func TestTheLastWordCounts(t *testing.T) {
	t.Parallel()
	n := newNews()
	h := hear(n, func(c *facts.Change) *map[string]*v1alpha1.Tenant { return &c.Tenants }, itself)
	if got := n.take().Tenants; len(got) != 0 || len(n.there) != 0 {
		t.Fatalf("nothing was told, and there is %v", got)
	}
	alice := tenantAt("alice", "2")
	h.OnAdd(tenantAt("alice", "1"), true)
	h.OnUpdate(tenantAt("alice", "1"), alice)
	h.OnAdd(tenantAt("bob", "3"), false)
	h.OnDelete(tenantAt("bob", "4"))
	h.OnAdd(tenantAt("carol", "5"), false)
	h.OnDelete(toolscache.DeletedFinalStateUnknown{Key: "carol", Obj: tenantAt("carol", "5")})
	h.OnDelete(tenantAt("dave", "6"))
	h.OnAdd(tenantAt("dave", "7"), false)
	h.OnAdd("no tenant", false)
	if len(n.there) != 1 {
		t.Error("nobody was told that there is something")
	}
	got := n.take().Tenants
	if want := []string{"alice", "bob", "carol", "dave"}; !slices.Equal(slices.Sorted(maps.Keys(got)), want) {
		t.Fatalf("told of %v, want %v", got, want)
	}
	if got["alice"] != alice || got["bob"] != nil || got["carol"] != nil || got["dave"].ResourceVersion != "7" {
		t.Errorf("got %v", got)
	}
	if again := n.take().Tenants; len(again) != 0 {
		t.Errorf("told twice of %v", again)
	}
}
