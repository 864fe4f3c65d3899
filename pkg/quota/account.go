package quota

import (
	"context"

	"k8s.io/apimachinery/pkg/api/resource"
)

// Object is one stored object as a policy sees it.
type Object struct {
	Group, Version, Kind, Resource string
	Namespace, Name                string
	// Raw is its JSON.
	Raw []byte
}

// Account says how a tenant's objects count.
type Account struct {
	// Owner is the user whose windows are charged, "" where nobody is known.
	Owner string
	// Limits say over which time each dimension is counted; where only the organization
	// limits one, it is the organization's.
	Limits map[string]Limit
	// Measure says what a stored object holds, by dimension.
	Measure func(ctx context.Context, o Object) (map[string]resource.Quantity, error)
}
