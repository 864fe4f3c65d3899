package gate

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/facts"
)

// object is a decoded object, or nothing. Every reader is total: what is absent or of
// another type reads as empty.
type object struct {
	value ast.Value
	// raw are the bytes that it was decoded of; nil for a part of another one.
	raw []byte
}

func decode(raw []byte) (object, error) {
	v, err := engine.ObjectValue(raw)
	if err != nil {
		return object{value: ast.Null{}}, err
	}
	return object{value: v, raw: raw}, nil
}

// ast gives the value for the engine, null where there is none.
func (o object) ast() ast.Value {
	if o.value == nil {
		return ast.Null{}
	}
	return o.value
}

func (o object) present() bool {
	_, ok := o.value.(ast.Object)
	return ok
}

// at follows a path of object keys; nil when it leads nowhere.
func (o object) at(path ...string) ast.Value {
	v := o.value
	for _, key := range path {
		obj, ok := v.(ast.Object)
		if !ok {
			return nil
		}
		term := obj.Get(engine.Key(key))
		if term == nil {
			return nil
		}
		v = term.Value
	}
	return v
}

func (o object) text(path ...string) string {
	s, _ := o.at(path...).(ast.String)
	return string(s)
}

func (o object) name() string { return o.text("metadata", "name") }
func (o object) uid() string  { return o.text("metadata", "uid") }

func (o object) annotation(key string) string { return o.text("metadata", "annotations", key) }

// ours reports whether any annotation of gatehouse.dev is there.
func (o object) ours() bool {
	annotations, ok := o.at("metadata", "annotations").(ast.Object)
	if !ok {
		return false
	}
	for _, key := range annotations.Keys() {
		if s, ok := key.Value.(ast.String); ok && strings.HasPrefix(string(s), v1alpha1.GroupVersion.Group+"/") {
			return true
		}
	}
	return false
}

// controller gives the one controller owner; ok is false when there is none or more
// than one.
func (o object) controller() (ref facts.OwnerRef, ok bool) {
	list, isArray := o.at("metadata", "ownerReferences").(*ast.Array)
	if !isArray {
		return ref, false
	}
	found := 0
	list.Foreach(func(t *ast.Term) {
		owner := object{value: t.Value}
		if yes, isBool := owner.at("controller").(ast.Boolean); !isBool || !bool(yes) {
			return
		}
		found++
		ref = ownerRef(owner)
	})
	return ref, found == 1 && ref.UID != "" && ref.Name != ""
}
