package gate

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// maxOwners bounds the reads that one write can cause.
const maxOwners = 8

// proveOwners checks the owners that somebody of the tenant's side names: each one new on
// the object must stand in this namespace, of this UID. A forged owner gives no right, but
// it would send the garbage collector after the object, or a controller.
func (g *Gate) proveOwners(ctx context.Context, w *write, s *standing) *review.Verdict {
	if s.relation != tenant.RelationOwner && s.relation != tenant.RelationOrgAdmin || s.seal != sealMint {
		return nil
	}
	fresh, stop := w.freshOwners()
	if stop != nil {
		return stop
	}
	controller, _ := w.object.controller()
	for _, ref := range fresh {
		if stop := g.proveOwner(ctx, w, ref, ref == controller); stop != nil {
			return stop
		}
	}
	return nil
}

func (g *Gate) proveOwner(ctx context.Context, w *write, ref facts.OwnerRef, controls bool) *review.Verdict {
	if g.OwnerCache != nil {
		if known, ok := g.OwnerCache.Cached(ref.Kind, w.Namespace, ref.Name); ok && known.UID == ref.UID {
			return nil
		}
	}
	owner, err := g.Owners.Owner(ctx, ref.Kind, w.Namespace, ref.Name)
	switch {
	case err == nil && owner.UID == ref.UID:
		return nil
	case errors.Is(err, facts.ErrOwnerKind) && !controls:
		// Nothing follows from it but that the object may go with its owner.
		return nil
	case errors.Is(err, facts.ErrOwnerKind):
		return w.unreadOwner(ref)
	case err != nil && !errors.Is(err, facts.ErrNoOwner):
		return w.later("an owner that the object names could not be read")
	}
	v := w.deny("identity/no-owner", fmt.Sprintf("the owner %s of UID %s is not in this namespace", review.Quote(ref.Kind.Kind+" "+ref.Name), review.Quote(ref.UID)),
		"owners are namespaced objects of the same namespace, named with their present UID", "leave metadata.ownerReferences out, or name one that is there")
	return &v
}

// unreadOwner denies a controller owner that nobody let us look at.
func (w *write) unreadOwner(ref facts.OwnerRef) *review.Verdict {
	v := w.deny("identity/owner-kind", fmt.Sprintf("a controller owner of kind %s cannot be proved", review.Quote(ref.Kind.Kind+"."+ref.Kind.Group)),
		"", "a platform administrator names the kind under ownerKinds in the configuration, and lets the webhook's account read it")
	return &v
}

// freshOwners are the owner references that the old object does not have as they are.
func (w *write) freshOwners() ([]facts.OwnerRef, *review.Verdict) {
	list, ok := w.object.at("metadata", "ownerReferences").(*ast.Array)
	if !ok {
		return nil, nil
	}
	old, _ := w.old.at("metadata", "ownerReferences").(*ast.Array)
	var fresh []facts.OwnerRef
	for i := range list.Len() {
		value := list.Elem(i).Value
		if old != nil && contains(old, value) {
			continue
		}
		fresh = append(fresh, ownerRef(object{value: value}))
	}
	if len(fresh) > maxOwners {
		v := w.deny("identity/too-many-owners", fmt.Sprintf("the object names %d owners", len(fresh)), fmt.Sprintf("at most %d at once", maxOwners), "")
		return nil, &v
	}
	return fresh, nil
}

func contains(list *ast.Array, value ast.Value) bool {
	found := false
	list.Foreach(func(t *ast.Term) { found = found || ast.Compare(t.Value, value) == 0 })
	return found
}

// ownerRef reads one entry of metadata.ownerReferences.
func ownerRef(owner object) facts.OwnerRef {
	group, version, hasGroup := strings.Cut(owner.text("apiVersion"), "/")
	if !hasGroup {
		group, version = "", group
	}
	return facts.OwnerRef{
		Kind: review.Kind{Group: group, Version: version, Kind: owner.text("kind")},
		Name: owner.text("name"),
		UID:  owner.text("uid"),
	}
}
