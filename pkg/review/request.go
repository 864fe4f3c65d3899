package review

import "encoding/json"

// Phase says which of the two webhook kinds asks.
type Phase string

// The phases of admission.
const (
	Mutating   Phase = "mutating"
	Validating Phase = "validating"
)

// Entry is one row of the webhook configuration; a write meets exactly one.
type Entry string

// The entries: (a) namespaced objects of tenant namespaces, (b) namespaces, (c) our own
// cluster-scoped kinds, (d) anything else that a guest writes.
const (
	EntryTenant     Entry = "tenant"
	EntryNamespaces Entry = "namespaces"
	EntryPlatform   Entry = "platform"
	EntryGuests     Entry = "guests"
)

// Operation is the admission operation.
type Operation string

// The admission operations.
const (
	Create  Operation = "CREATE"
	Update  Operation = "UPDATE"
	Delete  Operation = "DELETE"
	Connect Operation = "CONNECT"
)

// Kind is a group, version and kind.
type Kind struct{ Group, Version, Kind string }

// Resource is a group, version and plural resource.
type Resource struct{ Group, Version, Resource string }

// GroupResource reads resource.group, or the resource alone for the core group.
func (r Resource) GroupResource() string {
	if r.Group == "" {
		return r.Resource
	}
	return r.Resource + "." + r.Group
}

// Subject is who the API server says is calling (userInfo): the only trusted statement
// of it.
type Subject struct {
	Username string
	UID      string
	Groups   []string
	Extra    map[string][]string
}

// InGroup reports whether the subject carries the group, byte for byte.
func (s Subject) InGroup(group string) bool {
	for _, g := range s.Groups {
		if g == group {
			return true
		}
	}
	return false
}

// Request is one AdmissionRequest in plain types.
type Request struct {
	Phase Phase
	Entry Entry

	// UID names this round trip, not the user's request.
	UID         string
	Kind        Kind
	Resource    Resource
	SubResource string
	// Name may be empty: with generateName in mutating, and on DELETECOLLECTION.
	Name      string
	Namespace string
	Operation Operation
	Subject   Subject
	// Object and OldObject are the JSON bytes as sent, nil where the API server sent
	// null.
	Object    json.RawMessage
	OldObject json.RawMessage
	Options   json.RawMessage
	DryRun    bool
	// Raw is the whole AdmissionRequest as JSON, for policies that read it.
	Raw json.RawMessage
}
