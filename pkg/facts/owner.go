package facts

import (
	"context"
	"errors"

	"gatehouse.dev/gatehouse/pkg/review"
)

// ErrNoOwner is returned for an owner that is not there, or is of a kind that owns
// nothing in a namespace.
var ErrNoOwner = errors.New("no such owner")

// ErrOwnerKind is returned for an owner of a kind that the platform has not let us read.
var ErrOwnerKind = errors.New("owners of this kind cannot be read")

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

// Seals are the annotations by which an object says who is behind it; empty where it has
// none.
type Seals struct{ Passport, Correlation string }

// CachedOwner is what a watch last showed of an owner.
type CachedOwner struct {
	UID   string
	Seals Seals
	// Former are the seals that a rewrite replaced a moment ago, at most as long ago as
	// facts may be old; nil otherwise. Another replica may not have seen the rewrite yet.
	Former *Seals
}

// OwnerCache knows owners without a call. It may lag behind, as all facts do.
type OwnerCache interface {
	// Cached is false where the cache does not know the object, which says nothing of
	// whether it exists. The version of the kind does not matter.
	Cached(kind review.Kind, namespace, name string) (CachedOwner, bool)
}

// OwnerReader reads one object as it is now, past every cache.
type OwnerReader interface {
	Owner(ctx context.Context, kind review.Kind, namespace, name string) (Owner, error)
}
