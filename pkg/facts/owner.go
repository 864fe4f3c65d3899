package facts

import (
	"context"
	"errors"

	"gatehouse.dev/gatehouse/pkg/review"
)

// ErrNoOwner is returned for an owner that is not there, or is of a kind that owns
// nothing in a namespace.
var ErrNoOwner = errors.New("no such owner")

// OwnerRef names a controller owner.
type OwnerRef struct {
	Kind review.Kind
	Name string
	UID  string
}

// Owner is the metadata of an object that owns another.
type Owner struct {
	UID         string
	Annotations map[string]string
	Labels      map[string]string
	// Controller is the owner's own controller, nil when it has none.
	Controller *OwnerRef
}

// OwnerReader reads one object as it is now, past every cache.
type OwnerReader interface {
	Owner(ctx context.Context, kind review.Kind, namespace, name string) (Owner, error)
}
