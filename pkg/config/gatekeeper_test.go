package config

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

func TestInventoryKinds(t *testing.T) {
	good := Gatekeeper{Inventory: []InventoryKind{{"networking.k8s.io", "v1", "Ingress"}, {"", "v1", "Service"}}}
	if errs := good.validate(field.NewPath("gatekeeper")); len(errs) > 0 {
		t.Error(errs.ToAggregate())
	}
	want := []schema.GroupVersionKind{{Group: "networking.k8s.io", Version: "v1", Kind: "Ingress"}, {Version: "v1", Kind: "Service"}}
	if diff := cmp.Diff(want, good.InventoryKinds()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for want, kinds := range map[string][]InventoryKind{
		"gatekeeper.inventory[0].version: Required": {{"", "", "Service"}},
		"gatekeeper.inventory[0].kind: Required":    {{"", "v1", ""}},
		"gatekeeper.inventory[1]: Forbidden":        {{"", "v1", "Service"}, {"", "v1", "Secret"}},
		"gatekeeper.inventory[1]: Duplicate":        {{"", "v1", "Service"}, {"", "v1", "Service"}},
	} {
		errs := Gatekeeper{Inventory: kinds}.validate(field.NewPath("gatekeeper"))
		if len(errs) != 1 || !strings.HasPrefix(errs[0].Error(), want) {
			t.Errorf("got %v, want %s", errs, want)
		}
	}
}
