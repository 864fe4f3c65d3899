package policyset

import (
	"context"
	"fmt"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// SetConstraints puts Gatekeeper's templates and constraints in force in place of those
// given before. One that is wrong keeps its last good version in force, or is left out
// if there is none, and State says why.
func (s *Set) SetConstraints(ctx context.Context, objects []unstructured.Unstructured) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	docs := make([]gatekeeper.Document, 0, len(objects))
	for _, o := range objects {
		docs = append(docs, gatekeeper.FromObject(o.Object))
	}
	set, rejected := gatekeeper.Keep(docs, s.constraints.Load())
	s.constraints.Store(set)
	s.told.Lock()
	s.unfit = rejected
	s.told.Unlock()
	if err := s.rebuild(ctx); err != nil {
		return err
	}
	return rejection(rejected)
}

// ReviewConstraint says what would be wrong with a template or constraint among those in
// force, and whether it looks other objects up; nil for one that would be in force as it
// stands.
func (s *Set) ReviewConstraint(_ context.Context, object map[string]any) (refers bool, err error) {
	current := s.constraints.Load()
	if current == nil {
		current = &gatekeeper.Set{}
	}
	doc := gatekeeper.FromObject(object)
	kind, _ := object["kind"].(string)
	if doc.IsConstraint() && current.Template(kind) == nil {
		return false, fmt.Errorf("%s: %w", kind, gatekeeper.ErrUnknownTemplate)
	}
	set, err := gatekeeper.New(current.With(doc), current)
	if err != nil {
		return false, err
	}
	for _, c := range set.Constraints() {
		if s.Program().HasPolicy(c.Rule) {
			return false, fmt.Errorf("%s is the name of a policy", c.Rule)
		}
	}
	if doc.IsTemplate() {
		kind, _, _ = unstructured.NestedString(object, "spec", "crd", "spec", "names", "kind")
	}
	return set.Template(kind).Code().Inventory, nil
}
