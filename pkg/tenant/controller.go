package tenant

import (
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Mode says on whose behalf a controller writes.
type Mode string

// The modes.
const (
	// ModeInherit: what the controller creates carries its controller owner's passport.
	ModeInherit Mode = "inherit"
	// ModeMaintain: the object keeps its passport and only the listed fields change.
	ModeMaintain Mode = "maintain"
	// ModeSystem: an ownerless object that belongs to the cluster, without passport.
	ModeSystem Mode = "system"
)

// AnyIdentity in a row stands for every identity that the table names.
const AnyIdentity = "*"

// ControllerRule is one row of the caller table: an exact identity may do exactly this.
type ControllerRule struct {
	// Identity is the exact username, or * for every identity of the table.
	Identity string `json:"identity"`
	// Group and Resource of the object; * for any. Resource carries a subresource
	// after a slash.
	Group    string `json:"group"`
	Resource string `json:"resource"`
	// Operations are CREATE, UPDATE, DELETE or CONNECT.
	Operations []review.Operation `json:"operations"`
	Mode       Mode               `json:"mode"`
	// Fields are JSON pointers below which an UPDATE may change the object; empty
	// means that an UPDATE may change nothing but what the server fills in.
	Fields []string `json:"fields,omitempty"`
	// Names are the exact object names, empty for any.
	Names []string `json:"names,omitempty"`
}

// ControllerTable is the whole table. Shared is the identity that a
// kube-controller-manager without per-controller credentials uses for all of its
// controllers.
type ControllerTable struct {
	Rules  []ControllerRule
	Shared string
}

// Knows reports whether the table names the identity.
func (t ControllerTable) Knows(identity string) bool {
	if identity == "" || identity == AnyIdentity {
		return false
	}
	if identity == t.Shared {
		return true
	}
	return slices.ContainsFunc(t.Rules, func(r ControllerRule) bool { return r.Identity == identity })
}

// Find gives every row that covers the write, in table order; none means denied. The
// shared identity is covered by the rows of all kube-controller-manager accounts.
func (t ControllerTable) Find(identity string, r review.Request, name string) []ControllerRule {
	var found []ControllerRule
	if !t.Knows(identity) {
		return nil
	}
	resource := r.Resource.Resource
	if r.SubResource != "" {
		resource += "/" + r.SubResource
	}
	for _, row := range t.Rules {
		same := row.Identity == identity || row.Identity == AnyIdentity ||
			(identity == t.Shared && strings.HasPrefix(row.Identity, kubeControllerPrefix))
		if same && matches(row.Group, r.Resource.Group) && matchesResource(row.Resource, resource) &&
			slices.Contains(row.Operations, r.Operation) &&
			(len(row.Names) == 0 || slices.Contains(row.Names, name)) {
			found = append(found, row)
		}
	}
	return found
}

func matches(pattern, value string) bool { return pattern == "*" || pattern == value }

// matchesResource understands */sub beside exact names; * alone is a main resource.
func matchesResource(pattern, value string) bool {
	if sub, any := strings.CutPrefix(pattern, "*/"); any {
		_, have, found := strings.Cut(value, "/")
		return found && have == sub
	}
	if pattern == "*" {
		return !strings.Contains(value, "/")
	}
	return pattern == value
}
