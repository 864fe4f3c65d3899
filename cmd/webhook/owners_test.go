package main

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/facts/live"
)

func TestOwnerKinds(t *testing.T) {
	c := config.Default()
	c.OwnerKinds = []config.OwnerKind{
		{Group: "argoproj.io", Version: "v1alpha1", Kind: "Workflow"},
		{Group: "example.com", Version: "v1", Kind: "Policy", Resource: "policies"},
	}
	kinds := ownerKinds(c)
	builtin := len(live.BuiltinOwnerKinds())
	want := []live.OwnerKind{
		{Kind: schema.GroupKind{Group: "argoproj.io", Kind: "Workflow"}, Resource: schema.GroupVersionResource{Group: "argoproj.io", Version: "v1alpha1", Resource: "workflows"}},
		{Kind: schema.GroupKind{Group: "example.com", Kind: "Policy"}, Resource: schema.GroupVersionResource{Group: "example.com", Version: "v1", Resource: "policies"}},
	}
	if diff := cmp.Diff(want, kinds[builtin:]); diff != "" {
		t.Errorf("configured kinds (-want +got):\n%s", diff)
	}
}
