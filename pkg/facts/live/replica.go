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
