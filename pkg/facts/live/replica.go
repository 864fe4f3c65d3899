package live

import (
	"strings"

	coordinationv1 "k8s.io/api/coordination/v1"
)

// LeasePrefix begins the name of each webhook replica's Lease; its identity follows.
const LeasePrefix = "gatehouse-webhook-"

// AnnotationKeys on a replica's Lease lists the ids of the passport keys that it has
// loaded, separated by commas.
const AnnotationKeys = "gatehouse.dev/keys"

// What a replica's Lease says of policies: the digest of the set in force; the versions
// of the Policy objects in it, by name; why others are not, by name, with the set as a
// whole under the empty one; and by rule how often it was asked, how often it denied and how often
// it would have.
// All but the first are JSON objects.
const (
	AnnotationDigest   = "gatehouse.dev/policy-digest"
	AnnotationPolicies = "gatehouse.dev/policies"
	AnnotationRejected = "gatehouse.dev/policies-rejected"
	AnnotationAsked    = "gatehouse.dev/asked"
	AnnotationDenials  = "gatehouse.dev/denials"
	AnnotationAudited  = "gatehouse.dev/audited"
)

// Replica gives the identity of the replica whose Lease this is; false for other Leases.
func Replica(lease *coordinationv1.Lease) (identity string, ok bool) {
	return strings.CutPrefix(lease.Name, LeasePrefix)
}

// LoadedKeys gives the key ids that a replica reports in its Lease.
func LoadedKeys(lease *coordinationv1.Lease) []string {
	text := lease.Annotations[AnnotationKeys]
	if text == "" {
		return nil
	}
	return strings.Split(text, ",")
}
