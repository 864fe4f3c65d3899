package gate_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/review"
)

// TestWhatSomebodyMaySayOfHerOwnTenant: nothing that the platform decides, in whatever phase it
// comes in.
func TestWhatSomebodyMaySayOfHerOwnTenant(t *testing.T) {
	w := newWorld(t)
	tenant := func(spec doc) doc {
		return doc{"apiVersion": "gatehouse.dev/v1alpha1", "kind": "Tenant", "metadata": doc{"name": "erin"}, "spec": spec}
	}
	for name, tt := range map[string]struct {
		object doc
		rule   string
	}{
		"nothing":         {tenant(nil), ""},
		"what is so":      {tenant(doc{"owner": doc{"user": "local:erin"}, "organization": "individuals", "tier": "standard"}), ""},
		"limits":          {tenant(doc{"limits": []any{doc{"dimension": "sessions", "amount": "100"}}}), "identity/tenant-spec"},
		"a better tier":   {tenant(doc{"tier": "enterprise"}), "identity/tenant-tier"},
		"an owner":        {tenant(doc{"owner": doc{"user": "local:alice"}}), "identity/tenant-owner-user"},
		"an organization": {tenant(doc{"organization": "acme"}), "identity/tenant-organization"},
		"a name by lot":   {doc{"apiVersion": "gatehouse.dev/v1alpha1", "kind": "Tenant", "metadata": doc{"generateName": "erin"}}, "identity/tenant-name"},
		"her suspension":  {tenant(doc{"suspended": true}), ""},
	} {
		t.Run(name, func(t *testing.T) {
			v, stored := w.write(call{as: "local:erin", groups: []string{"gatehouse:users"}, op: review.Create, entry: review.EntryPlatform,
				group: "gatehouse.dev", kind: "Tenant", resource: "tenants", object: tt.object})
			if tt.rule != "" {
				w.denied(v, tt.rule)
				return
			}
			w.allowed(v)
			spec, _ := stored["spec"].(doc)
			if owner, _ := spec["owner"].(doc); owner["user"] != "local:erin" || spec["tier"] != "standard" || spec["organization"] != "individuals" {
				t.Errorf("stored %v", spec)
			}
		})
	}
}
