package gatekeeper

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/labels"
)

// ErrSecret is the answer to a Secret that somebody would show to templates.
var ErrSecret = errors.New("Secrets are never shown to templates")

// Inventory is what referential templates read as data.inventory: other objects, as
// namespace[<namespace>][<apiVersion>][<kind>][<name>] and
// cluster[<apiVersion>][<kind>][<name>]. It never changes and is safe for concurrent use.
type Inventory struct {
	namespaces map[string]*ast.Term
	cluster    *ast.Term
	labels     map[string]labels.Labels
	// views are whole documents by the namespaces that they are narrowed to.
	views sync.Map
	all   ast.Value
}

// tree is <apiVersion>, <kind>, <name>.
type tree map[string]map[string]map[string]ast.Value

func (t tree) put(apiVersion, kind, name string, object ast.Value) {
	if t[apiVersion] == nil {
		t[apiVersion] = map[string]map[string]ast.Value{}
	}
	if t[apiVersion][kind] == nil {
		t[apiVersion][kind] = map[string]ast.Value{}
	}
	t[apiVersion][kind][name] = object
}

func (t tree) term() *ast.Term {
	return keyed(t, func(kinds map[string]map[string]ast.Value) *ast.Term {
		return keyed(kinds, func(names map[string]ast.Value) *ast.Term { return keyed(names, ast.NewTerm) })
	})
}

// keyed makes an object of a map.
func keyed[V any](from map[string]V, term func(V) *ast.Term) *ast.Term {
	object := ast.NewObjectWithCapacity(len(from))
	for _, key := range slices.Sorted(maps.Keys(from)) {
		object.Insert(ast.StringTerm(key), term(from[key]))
	}
	return ast.NewTerm(object)
}

// NewInventory takes objects in the engine's form. A Secret among them is ErrSecret.
func NewInventory(objects []ast.Value) (*Inventory, error) {
	cluster, namespaces := tree{}, map[string]tree{}
	out := &Inventory{namespaces: map[string]*ast.Term{}, labels: map[string]labels.Labels{}}
	for _, object := range objects {
		o := ObjectOf(object)
		apiVersion := stringOf(object, "apiVersion")
		switch {
		case apiVersion == "" || o.Kind == "" || o.Name == "":
			return nil, fmt.Errorf("object of the inventory without apiVersion, kind or name")
		case o.Group == "" && o.Kind == "Secret":
			return nil, fmt.Errorf("Secret %s/%s: %w", o.Namespace, o.Name, ErrSecret)
		case o.Namespace == "":
			cluster.put(apiVersion, o.Kind, o.Name, object)
			if o.isNamespace() {
				out.labels[o.Name] = o.Labels
			}
			continue
		}
		if namespaces[o.Namespace] == nil {
			namespaces[o.Namespace] = tree{}
		}
		namespaces[o.Namespace].put(apiVersion, o.Kind, o.Name, object)
	}
	for name, t := range namespaces {
		out.namespaces[name] = t.term()
	}
	out.cluster = cluster.term()
	out.all = out.view(func(string) bool { return true })
	return out, nil
}

// NamespaceLabels are those of a namespace that is in the inventory, else nil.
func (i *Inventory) NamespaceLabels(name string) labels.Labels {
	if i == nil {
		return nil
	}
	return i.labels[name]
}

// For is what a constraint may see: of all namespaces those that its match fits.
func (i *Inventory) For(c *Constraint) ast.Value {
	m := &c.Match
	if len(m.Namespaces) == 0 && len(m.ExcludedNamespaces) == 0 && m.namespaceLabels == nil {
		return i.all
	}
	if view, ok := i.views.Load(c); ok {
		return view.(ast.Value)
	}
	view := i.view(func(namespace string) bool {
		if m.namespaceLabels != nil {
			known := i.labels[namespace]
			if known == nil || !m.namespaceLabels.Matches(known) {
				return false
			}
		}
		return m.FitsNamespace(namespace)
	})
	i.views.Store(c, view)
	return view
}

func (i *Inventory) view(fits func(namespace string) bool) ast.Value {
	seen := map[string]*ast.Term{}
	for name, t := range i.namespaces {
		if fits(name) {
			seen[name] = t
		}
	}
	return ast.NewObject(
		ast.Item(ast.InternedTerm("cluster"), i.cluster),
		ast.Item(ast.InternedTerm("namespace"), keyed(seen, func(t *ast.Term) *ast.Term { return t })))
}
