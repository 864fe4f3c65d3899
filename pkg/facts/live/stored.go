package live

import (
	"context"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// storedPage is how many objects one answer holds.
const storedPage = 500

// StoredConstraints are Gatekeeper's templates and their constraints as r shows them now,
// for who looks once and does not watch. A kind that is not there yet has none.
func StoredConstraints(ctx context.Context, r client.Reader) ([]unstructured.Unstructured, error) {
	templates, err := stored(ctx, r, TemplateKind)
	if err != nil {
		return nil, err
	}
	out := templates
	for i := range templates {
		name := constraintKind(&templates[i])
		if name == "" {
			continue
		}
		constraints, err := stored(ctx, r, constraintGroup.WithKind(name))
		if err != nil {
			return nil, err
		}
		out = append(out, constraints...)
	}
	return out, nil
}

// StoredInventory is what referential constraints may look up, as r shows it now.
func StoredInventory(ctx context.Context, r client.Reader, kinds []schema.GroupVersionKind) (*gatekeeper.Inventory, error) {
	var all []ast.Value
	for _, kind := range kinds {
		list, err := stored(ctx, r, kind)
		if err != nil {
			return nil, err
		}
		for _, o := range list {
			value, err := ast.InterfaceToValue(o.Object)
			if err != nil {
				return nil, fmt.Errorf("%s %s/%s: %w", kind.Kind, o.GetNamespace(), o.GetName(), err)
			}
			all = append(all, value)
		}
	}
	return gatekeeper.NewInventory(all)
}

func stored(ctx context.Context, r client.Reader, kind schema.GroupVersionKind) ([]unstructured.Unstructured, error) {
	var out []unstructured.Unstructured
	for next := ""; ; {
		var list unstructured.UnstructuredList
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		err := r.List(ctx, &list, client.Limit(storedPage), client.Continue(next))
		if meta.IsNoMatchError(err) {
			return nil, nil
		}
		if err != nil {
			return nil, fmt.Errorf("list %s: %w", kind.GroupKind(), err)
		}
		out = append(out, list.Items...)
		if next = list.GetContinue(); next == "" {
			return out, nil
		}
	}
}

// constraintKind is the kind that a template makes, empty if it says none.
func constraintKind(template *unstructured.Unstructured) string {
	name, _, _ := unstructured.NestedString(template.Object, "spec", "crd", "spec", "names", "kind")
	return name
}
