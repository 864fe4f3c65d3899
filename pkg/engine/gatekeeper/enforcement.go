package gatekeeper

import (
	"fmt"
	"slices"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Point is a place where constraints are enforced.
type Point string

// The points: admission, tests of files, and the background audit.
const (
	PointWebhook Point = "validation.gatekeeper.sh"
	PointFiles   Point = "gator.gatekeeper.sh"
	PointAudit   Point = "audit.gatekeeper.sh"
)

// actions are what a constraint may say that happens.
var actions = map[string]v1alpha1.Enforcement{
	"":       v1alpha1.EnforcementDeny,
	"deny":   v1alpha1.EnforcementDeny,
	"warn":   v1alpha1.EnforcementWarn,
	"dryrun": v1alpha1.EnforcementAudit,
}

const actionScoped = "scoped"

// scopedAction is one of several actions, with the points at which it is taken.
type scopedAction struct {
	Action            string `json:"action"`
	EnforcementPoints []struct {
		Name string `json:"name"`
	} `json:"enforcementPoints"`
}

// enforcement says what happens where.
type enforcement struct {
	always v1alpha1.Enforcement
	scoped []scopedAction
}

func newEnforcement(action string, scoped []scopedAction) (enforcement, error) {
	if action != actionScoped {
		e, ok := actions[action]
		if !ok {
			return enforcement{}, fmt.Errorf("enforcementAction %q is none of deny, warn, dryrun, scoped", action)
		}
		return enforcement{always: e}, nil
	}
	if len(scoped) == 0 {
		return enforcement{}, fmt.Errorf("enforcementAction is scoped and there are no scopedEnforcementActions")
	}
	for i, s := range scoped {
		if _, ok := actions[s.Action]; !ok || s.Action == "" {
			return enforcement{}, fmt.Errorf("scopedEnforcementActions[%d].action %q is none of deny, warn, dryrun", i, s.Action)
		}
		for _, p := range s.EnforcementPoints {
			known := []string{string(PointWebhook), string(PointFiles), string(PointAudit), "vap.k8s.io", wildcard}
			if !slices.Contains(known, p.Name) {
				return enforcement{}, fmt.Errorf("scopedEnforcementActions[%d].enforcementPoints: %q is none of %q", i, p.Name, known)
			}
		}
	}
	return enforcement{scoped: scoped}, nil
}

// at is what happens at a point: the strictest of the actions that name it, off if none
// does.
func (e enforcement) at(point Point) v1alpha1.Enforcement {
	if len(e.scoped) == 0 {
		return e.always
	}
	strictest := v1alpha1.EnforcementOff
	order := []v1alpha1.Enforcement{v1alpha1.EnforcementOff, v1alpha1.EnforcementAudit, v1alpha1.EnforcementWarn, v1alpha1.EnforcementDeny}
	for _, s := range e.scoped {
		for _, p := range s.EnforcementPoints {
			if p.Name != wildcard && p.Name != string(point) {
				continue
			}
			if a := actions[s.Action]; slices.Index(order, a) > slices.Index(order, strictest) {
				strictest = a
			}
		}
	}
	return strictest
}
