package gate

import (
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// filled are the paths that the server or we fill in: a difference there is no change
// that a person made.
var filled = []string{
	"/metadata/managedFields", "/metadata/uid", "/metadata/resourceVersion", "/metadata/generation",
	"/metadata/creationTimestamp", "/metadata/selfLink",
}

// sealed are our own annotations; a request to seal is none of the object's content.
var sealed = []string{
	"/metadata/annotations/" + escape(v1alpha1.AnnotationPassport),
	"/metadata/annotations/" + escape(v1alpha1.AnnotationCorrelation),
	"/metadata/annotations/" + escape(v1alpha1.AnnotationSeal),
}

// allocated are the fields of a Service that a PUT may leave out: mutating sees it
// before the server puts them back.
var allocated = []string{
	"/spec/clusterIP", "/spec/clusterIPs", "/spec/ipFamilies", "/spec/ipFamilyPolicy",
	"/spec/healthCheckNodePort", "/spec/internalTrafficPolicy", "/spec/sessionAffinity",
}

// changes lists, as JSON pointers, where two objects differ. Objects are walked, lists
// and scalars compared whole; an absent object equals an empty one.
func changes(old, now ast.Value) []string {
	var out []string
	walk("", old, now, &out)
	return out
}

func walk(path string, old, now ast.Value, out *[]string) {
	a, aok := asObject(old)
	b, bok := asObject(now)
	if !aok || !bok {
		if (old == nil) != (now == nil) || (old != nil && ast.Compare(old, now) != 0) {
			*out = append(*out, path)
		}
		return
	}
	seen := map[string]bool{}
	for _, side := range []ast.Object{a, b} {
		if side == nil {
			continue
		}
		for _, key := range side.Keys() {
			name, ok := key.Value.(ast.String)
			if !ok || seen[string(name)] {
				continue
			}
			seen[string(name)] = true
			walk(path+"/"+escape(string(name)), get(a, key), get(b, key), out)
		}
	}
}

// asObject takes an absent value for an empty object.
func asObject(v ast.Value) (ast.Object, bool) {
	if v == nil {
		return nil, true
	}
	o, ok := v.(ast.Object)
	return o, ok
}

func get(o ast.Object, key *ast.Term) ast.Value {
	if o == nil {
		return nil
	}
	if t := o.Get(key); t != nil {
		return t.Value
	}
	return nil
}

// escape writes a key as a JSON pointer token (RFC 6901).
func escape(key string) string {
	return strings.ReplaceAll(strings.ReplaceAll(key, "~", "~0"), "/", "~1")
}

// below reports whether a pointer is one of the fields or lies below one.
func below(pointer string, fields []string) bool {
	return slices.ContainsFunc(fields, func(f string) bool {
		return f == "/" || pointer == f || strings.HasPrefix(pointer, f+"/")
	})
}

// changed lists what a person or controller changed, server-filled paths and our own
// annotations left out.
func (w *write) changed() []string {
	var out []string
	for _, p := range changes(w.old.ast(), w.object.ast()) {
		if below(p, filled) || below(p, sealed) {
			continue
		}
		if w.Resource.Resource == "services" && below(p, allocated) && w.leftOut(p) {
			continue
		}
		out = append(out, p)
	}
	return out
}

// significant reports whether an UPDATE changes more than status.
func (w *write) significant() bool {
	return slices.ContainsFunc(w.changed(), func(p string) bool { return !below(p, []string{"/status"}) })
}

// leftOut reports whether the new object has nothing at the pointer.
func (w *write) leftOut(pointer string) bool {
	v := w.object.at(strings.Split(strings.TrimPrefix(pointer, "/"), "/")...)
	return v == nil
}
