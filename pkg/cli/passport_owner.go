package cli

import (
	"context"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// maxOwners is the longest way up; CronJob, Job and Pod need two.
const maxOwners = 8

// finder gives an object by kind and name.
type finder func(ctx context.Context, kind schema.GroupVersionKind, key client.ObjectKey) (*unstructured.Unstructured, error)

// errNotGiven is for owners that are not among the files.
var errNotGiven = errors.New("it is not among the files; --object proves a live object against its owners")

// among looks for owners in what the files hold.
func among(subjects []subject) finder {
	return func(_ context.Context, kind schema.GroupVersionKind, key client.ObjectKey) (*unstructured.Unstructured, error) {
		for _, s := range subjects {
			if s.object != nil && s.object.GroupVersionKind() == kind && client.ObjectKeyFromObject(s.object) == key {
				return s.object, nil
			}
		}
		return nil, errNotGiven
	}
}

// root walks up the controller owners of an object to the one that its passport is
// bound to. What a controller creates carries its owner's passport verbatim: each hop
// must be the same object by UID and carry the same bytes.
func root(ctx context.Context, s subject, p passport.UserPassport, find finder) (*unstructured.Unstructured, error) {
	obj := s.object
	for range maxOwners {
		unbound := p.BoundTo(bindingOf(obj))
		if unbound == nil {
			return obj, nil
		}
		ref := metav1.GetControllerOf(obj)
		if ref == nil {
			return nil, unbound
		}
		kind := schema.FromAPIVersionAndKind(ref.APIVersion, ref.Kind)
		owner, err := find(ctx, kind, client.ObjectKey{Namespace: obj.GetNamespace(), Name: ref.Name})
		name := bindingOf(obj).String()
		switch {
		case err != nil:
			return nil, fmt.Errorf("%w; owner %s %q of %s: %w", unbound, ref.Kind, ref.Name, name, err)
		case owner.GetUID() != ref.UID:
			return nil, fmt.Errorf("%w; owner %s %q of %s is another object of that name", unbound, ref.Kind, ref.Name, name)
		case of(owner).wire != s.wire:
			return nil, fmt.Errorf("%w; owner %s %q of %s carries another passport", unbound, ref.Kind, ref.Name, name)
		}
		obj = owner
	}
	return nil, fmt.Errorf("%w: more than %d owners above it", passport.ErrWrongObject, maxOwners)
}
