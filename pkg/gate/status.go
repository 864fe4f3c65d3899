package gate

import (
	"context"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// Extra keys that the API server puts into the identity of a Pod's projected token.
const (
	extraPodName = "authentication.kubernetes.io/pod-name"
	extraPodUID  = "authentication.kubernetes.io/pod-uid"
)

// runnerFields of a session's status are its own Pod's to write.
var runnerFields = []string{"messages", "finalOutput", "displayName"}

func (w *write) isSession() bool {
	return w.Resource.Group == "research.example.com" && w.Resource.Resource == "researchsessions" && w.SubResource == ""
}

// rightStatus says what a session's status may be when this caller writes it: whatever
// it likes for the platform and registered controllers; the old one for everybody else,
// but for the runner's own fields. Present is false where there must be none.
func (g *Gate) rightStatus(ctx context.Context, w *write, s *standing) (status ast.Value, free bool) {
	if !w.isSession() || !w.object.present() || s.relation == tenant.RelationPlatform ||
		w.caller.Class == tenant.ClassPlatform || w.caller.Class == tenant.ClassController {
		return nil, true
	}
	if w.Operation == review.Create {
		if queues(s) {
			return ast.NewObject(ast.Item(ast.StringTerm("phase"), ast.StringTerm("Queued"))), false
		}
		if w.object.text("status", "phase") == "Pending" {
			return ast.NewObject(ast.Item(ast.StringTerm("phase"), ast.StringTerm("Pending"))), false
		}
		return nil, false
	}
	old := w.old.at("status")
	now, ok := w.object.at("status").(ast.Object)
	if !ok || !g.isRunner(ctx, w) {
		return old, false
	}
	merged := ast.NewObject()
	if before, ok := old.(ast.Object); ok {
		before.Foreach(func(k, v *ast.Term) {
			name, isText := k.Value.(ast.String)
			// OPA's Insert over a key that is there may lose another one.
			if !isText || !slices.Contains(runnerFields, string(name)) || now.Get(k) == nil {
				merged.Insert(k, v)
			}
		})
	}
	for _, field := range runnerFields {
		if v := now.Get(ast.StringTerm(field)); v != nil {
			merged.Insert(ast.StringTerm(field), v)
		}
	}
	return merged, false
}

// queues reports whether sessions of the tenant wait for their turn: then each begins as
// Queued, and the one who promotes them in order takes a place for it.
func queues(s *standing) bool {
	return s.facts != nil && s.facts.Effective.Limits["sessions"].OverLimit == v1alpha1.OverLimitQueue
}

// restoreStatus is what mutating does about a status that the caller may not write.
func (g *Gate) restoreStatus(ctx context.Context, w *write, s *standing) ([]review.Patch, bool) {
	want, free := g.rightStatus(ctx, w, s)
	if free {
		return nil, false
	}
	have := w.object.at("status")
	if same(have, want) {
		return nil, false
	}
	if w.Operation == review.Create && queues(s) {
		s.warnings = append(s.warnings, "the session is queued: it starts when its turn comes and a place is free")
	} else {
		s.warnings = append(s.warnings, "status was put back: only the platform and the session's own runner write it")
	}
	if want == nil {
		return []review.Patch{{Op: "remove", Path: "/status"}}, true
	}
	plain, err := ast.JSON(want)
	if err != nil {
		return []review.Patch{{Op: "remove", Path: "/status"}}, true
	}
	return []review.Patch{{Op: "add", Path: "/status", Value: plain}}, true
}

// proveStatus checks in validating that nothing was written that may not be.
func (g *Gate) proveStatus(ctx context.Context, w *write, s *standing) *review.Verdict {
	want, free := g.rightStatus(ctx, w, s)
	if free || same(w.object.at("status"), want) {
		return nil
	}
	v := w.deny("identity/status", "the status of a session is written by the platform and by the session's own runner",
		"", "leave status out of the manifest")
	return &v
}

// isRunner reports whether the caller's token is bound to a Pod of this session: Pod,
// Job and session one above the other, by UID.
func (g *Gate) isRunner(ctx context.Context, w *write) bool {
	pod, uid := first(w.Subject.Extra[extraPodName]), first(w.Subject.Extra[extraPodUID])
	if w.caller.Namespace != w.Namespace || pod == "" || uid == "" {
		return false
	}
	p, err := g.Owners.Owner(ctx, review.Kind{Version: "v1", Kind: "Pod"}, w.Namespace, pod)
	if err != nil || p.UID != uid || p.Controller == nil || p.Controller.Kind.Kind != "Job" || p.Controller.Kind.Group != "batch" {
		return false
	}
	job, err := g.Owners.Owner(ctx, p.Controller.Kind, w.Namespace, p.Controller.Name)
	return err == nil && job.UID == p.Controller.UID && job.Controller != nil &&
		job.Controller.Kind.Kind == w.Kind.Kind && job.Controller.Kind.Group == w.Kind.Group && job.Controller.UID == w.old.uid()
}

// same compares two values; absent, null and an empty object are the same nothing.
func same(a, b ast.Value) bool { return len(changes(nothing(a), nothing(b))) == 0 }

func nothing(v ast.Value) ast.Value {
	if _, null := v.(ast.Null); null {
		return nil
	}
	return v
}
