package guard

import (
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	kadmission "k8s.io/apiserver/pkg/admission"
)

func TestConstraintKinds(t *testing.T) {
	guards := compile(t, []Guard{definitions(sample)})
	definition := func(name, group string) *unstructured.Unstructured {
		o := named(name)
		o.Object["spec"] = map[string]any{"group": group}
		return o
	}
	of := func(user string, operation kadmission.Operation, name string, object, old *unstructured.Unstructured) write {
		w := write{user: user, operation: operation, group: "apiextensions.k8s.io", resource: "customresourcedefinitions", name: name}
		if object != nil {
			w.object = object
		}
		if old != nil {
			w.oldObject = old
		}
		return w
	}
	const ours, others = "some.constraints.gatekeeper.sh", "tenants.gatehouse.dev"
	provisioner := sample.Provisioner()
	for name, tt := range map[string]struct {
		write write
		want  bool
	}{
		"its kind":                  {of(provisioner, kadmission.Create, ours, definition(ours, "constraints.gatekeeper.sh"), nil), false},
		"its kind, changed":         {of(provisioner, kadmission.Update, ours, definition(ours, "constraints.gatekeeper.sh"), definition(ours, "constraints.gatekeeper.sh")), false},
		"another kind":              {of(provisioner, kadmission.Create, others, definition(others, "gatehouse.dev"), nil), true},
		"another kind, changed":     {of(provisioner, kadmission.Update, others, definition(others, "gatehouse.dev"), definition(others, "gatehouse.dev")), true},
		"another kind, removed":     {of(provisioner, kadmission.Delete, others, nil, definition(others, "gatehouse.dev")), true},
		"its name, another's group": {of(provisioner, kadmission.Create, ours, definition(ours, "gatehouse.dev"), nil), true},
		"a name that ends alike":    {of(provisioner, kadmission.Create, "evilconstraints.gatekeeper.sh", definition("evilconstraints.gatekeeper.sh", "constraints.gatekeeper.sh"), nil), true},
		"somebody else":             {of("somebody", kadmission.Create, others, definition(others, "gatehouse.dev"), nil), false},
	} {
		if got := len(denied(t, guards, tt.write)) > 0; got != tt.want {
			t.Errorf("%s: denied is %v", name, got)
		}
	}
}
