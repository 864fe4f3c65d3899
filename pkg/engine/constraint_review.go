package engine

import (
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/review"
)

// Inventoried is a Snapshot that has other objects too, for referential constraints.
type Inventoried interface {
	Inventory() *gatekeeper.Inventory
}

// defaultOperations are those that constraints look at unless their template lists
// others: a deletion shows the object that goes, and whoever deletes what violates a
// constraint does it a favor.
var defaultOperations = []string{string(review.Create), string(review.Update)}

// lookingAt gives the constraints that look at a review of gatehouse.dev/v1, with
// input.review made for them; nil when there are none, which costs no more than finding
// that out.
func (c *Constraints) lookingAt(input ast.Value, data Snapshot) (*asking, error) {
	if c == nil || len(c.list) == 0 {
		return nil, nil
	}
	request, _ := field(input, "request").(ast.Object)
	if request == nil {
		return nil, nil
	}
	object, old := field(request, "object"), field(request, "oldObject")
	subject := &gatekeeper.Subject{Namespace: text(request, "namespace")}
	for _, o := range []ast.Value{object, old} {
		if _, ok := o.(ast.Object); ok {
			subject.Objects = append(subject.Objects, identity(o, request))
		}
	}
	namespace := field(input, "namespace")
	if _, known := namespace.(ast.Object); known {
		subject.NamespaceLabels = gatekeeper.LabelsOf(field(namespace, "labels"))
	}
	matching, err := c.matching(subject)
	if err != nil {
		return nil, err
	}
	operation := text(request, "operation")
	same := unchanged(object, old)
	matching = slices.DeleteFunc(matching, func(one constraint) bool {
		operations := one.Template.Operations
		if len(operations) == 0 {
			operations = defaultOperations
		}
		return !has(operations, operation) || same && !one.Template.Code().Metadata
	})
	if len(matching) == 0 {
		return nil, nil
	}
	a := &asking{constraints: c, matching: matching, review: reviewTerm(request, object, old, operation, namespace)}
	a.now, _ = time.Parse(time.RFC3339Nano, text(input, "now"))
	if source, ok := data.(Inventoried); ok {
		a.inventory = source.Inventory()
	}
	return a, nil
}

// identity takes kind and names from the object; where it has none, as the options of
// an exec, from the request.
func identity(object ast.Value, request ast.Object) gatekeeper.Object {
	o := gatekeeper.ObjectOf(object)
	if o.Kind == "" {
		o.Group, o.Kind = text(request, "kind", "group"), text(request, "kind", "kind")
	}
	if o.Name == "" {
		o.Name = text(request, "name")
	}
	return o
}

// reviewTerm is the AdmissionRequest as Gatekeeper shows it: without fields that are
// empty, with the object that goes as the object of a deletion, and with the namespace.
func reviewTerm(request ast.Object, object, old ast.Value, operation string, namespace ast.Value) *ast.Term {
	out := ast.NewObjectWithCapacity(request.Len() + 1)
	request.Foreach(func(key, value *ast.Term) {
		if s, ok := value.Value.(ast.String); ok && s == "" && key.Value.Compare(ast.String("operation")) != 0 {
			return
		}
		if key.Value.Compare(ast.String("object")) == 0 && operation == string(review.Delete) {
			if _, gone := object.(ast.Object); !gone {
				value = ast.NewTerm(old)
			}
		}
		out.Insert(key, value)
	})
	shown := ast.InternedNullTerm
	if _, known := namespace.(ast.Object); known {
		metadata := ast.NewObject()
		for _, name := range []string{"name", "labels"} {
			if v := field(namespace, name); v != nil {
				metadata.Insert(ast.StringTerm(name), ast.NewTerm(v))
			}
		}
		shown = ast.ObjectTerm(ast.Item(ast.InternedTerm("metadata"), ast.NewTerm(metadata)))
	}
	out.Insert(ast.StringTerm("namespaceObject"), shown)
	return ast.NewTerm(out)
}

// The parts of an object that say nothing of what it asks for. A write that changes
// these alone is let past the templates that do not read them: else what was there
// before a constraint could neither report its status nor shed its finalizers.
var (
	keptParts    = []string{"status"}
	keptMetadata = []string{"finalizers", "managedFields", "resourceVersion", "generation", "deletionTimestamp", "deletionGracePeriodSeconds"}
)

// unchanged compares an object with the one as stored, apart from what is kept.
func unchanged(object, old ast.Value) bool {
	a, ok := object.(ast.Object)
	b, was := old.(ast.Object)
	return ok && was && within(a, b, keptParts) && within(b, a, keptParts)
}

// within wants all of a in b.
func within(a, b ast.Object, kept []string) bool {
	return !a.Until(func(key, value *ast.Term) bool {
		name, _ := key.Value.(ast.String)
		if slices.Contains(kept, string(name)) {
			return false
		}
		other := b.Get(key)
		if other == nil {
			return true
		}
		mine, ok := value.Value.(ast.Object)
		theirs, was := other.Value.(ast.Object)
		if name == "metadata" && ok && was {
			return !within(mine, theirs, keptMetadata)
		}
		return value.Value.Compare(other.Value) != 0
	})
}

// field follows a path of keys; nil where it leads nowhere.
func field(value ast.Value, path ...string) ast.Value {
	for _, key := range path {
		object, ok := value.(ast.Object)
		if !ok {
			return nil
		}
		t := object.Get(ast.InternedTerm(key))
		if t == nil {
			return nil
		}
		value = t.Value
	}
	return value
}

func text(value ast.Value, path ...string) string {
	s, _ := field(value, path...).(ast.String)
	return string(s)
}
