package gate

import (
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// sealing says what the passport on the stored object must be.
type sealing int

// The ways of sealing. The zero value allows no annotation of ours at all.
const (
	// sealNone: the kind never carries a passport, or the request stores no object.
	sealNone sealing = iota
	// sealMint: a fresh one of the author on CREATE and on a change, else the old one.
	sealMint
	// sealInherit: the controller owner's, to the byte; on UPDATE also the old one.
	sealInherit
	// sealKeep: the old one, to the byte.
	sealKeep
)

// standing is on whose behalf a write comes and what follows from it.
type standing struct {
	author string
	groups []string
	email  string
	role   string
	// relation of the author to the namespace's tenant.
	relation tenant.Relation
	// authorTenant is the author's own tenant, or "".
	authorTenant string
	seal         sealing
	// passport is what the write is judged under, nil for system objects and unsealed
	// owners.
	passport *passport.UserPassport
	// ownerWire and ownerCorrelation are the controller owner's annotations, with
	// sealInherit.
	ownerWire, ownerCorrelation string
	// unsealedOwner marks a write that is judged as the tenant's because the controller
	// owner carries no passport.
	unsealedOwner bool
	// facts are what is in force in the namespace.
	facts *facts.Standing
	// reseal asks for a fresh passport of the author on an UPDATE that changes nothing.
	reseal bool
	// warnings for the caller.
	warnings []string
}

// unsealedKinds are the main resources that never carry a passport: written too often,
// by nobody in particular, or about the tenant rather than by her.
var unsealedKinds = map[string]bool{
	"events":                          true,
	"events.events.k8s.io":            true,
	"leases.coordination.k8s.io":      true,
	"endpointslices.discovery.k8s.io": true,
	"endpoints":                       true,
	"usages.gatehouse.dev":            true,
}

// Sealable reports whether objects of a resource (resource.group, the core group's the
// resource alone) carry a passport in tenant namespaces.
func Sealable(groupResource string) bool { return !unsealedKinds[groupResource] }

// storesSealed reports whether the request stores an object that may carry a passport.
func (w *write) storesSealed() bool {
	return w.SubResource == "" && w.object.present() && Sealable(w.Resource.GroupResource())
}
