package gate

import (
	"context"
	"errors"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	utiljson "k8s.io/apimachinery/pkg/util/json"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/review"
)

// ConstraintReviewer says what is wrong with one of Gatekeeper's templates or
// constraints before it is stored, and whether it looks other objects up.
type ConstraintReviewer interface {
	ReviewConstraint(ctx context.Context, object map[string]any) (refers bool, err error)
}

// stocked is what policies read beside their input, with other objects for constraints.
type stocked struct {
	engine.Snapshot
	inventory *gatekeeper.Inventory
}

// Document may be nothing.
func (s stocked) Document() ast.Value {
	if s.Snapshot == nil {
		return nil
	}
	return s.Snapshot.Document()
}

// Inventory is for referential constraints.
func (s stocked) Inventory() *gatekeeper.Inventory { return s.inventory }

// data is what policies and constraints read beside their input.
func (g *Gate) data(w *write) engine.Snapshot {
	if g.Inventory == nil {
		return w.delegated()
	}
	return stocked{w.delegated(), g.Inventory()}
}

// gatekeepers reports a write of a template or constraint itself.
func (w *write) gatekeepers() bool {
	ours := w.Kind.Group == gatekeeper.TemplateGroup || w.Kind.Group == gatekeeper.ConstraintGroup
	return ours && w.SubResource == "" && w.object.present() && w.Phase == review.Validating
}

// constraint refuses what could not be in force as it stands, with field, line and
// reason. What is on its way out is let go.
func (g *Gate) constraint(ctx context.Context, w *write) review.Verdict {
	if g.Constraints == nil || w.object.text("metadata", "deletionTimestamp") != "" {
		return w.allow()
	}
	var object map[string]any
	if err := utiljson.Unmarshal(w.Object, &object); err != nil {
		return w.deny("policy/unreadable", "the object cannot be read", "", "see kubectl explain")
	}
	refers, err := g.Constraints.ReviewConstraint(ctx, object)
	switch {
	case err == nil && refers && g.Inventory == nil:
		return w.deny("policy/no-inventory", "it reads data.inventory, and nothing is kept there", "",
			"list the kinds that it looks up in the configuration, under gatekeeper.inventory")
	case err == nil:
		return w.allow()
	case errors.Is(err, gatekeeper.ErrUnknownTemplate):
		// The kind is there, and so the template was: this replica has not seen it yet.
		return *w.later(err.Error())
	}
	var denials []review.Denial
	for line := range strings.Lines(err.Error()) {
		denials = append(denials, review.Denial{Rule: "policy/invalid", Problem: strings.TrimSpace(line),
			Next: "correct it; gatehouse policy verify runs the same checks on files"})
	}
	return review.Deny(w.trace, denials...)
}
