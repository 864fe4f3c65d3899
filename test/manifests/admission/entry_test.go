package admission

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apiserver/pkg/admission"
)

const (
	aliceNamespace = "claude-runner-user-alice"
	provisioner    = "system:serviceaccount:claude-runner-system:gatehouse-provisioner"
)

var known = map[string]map[string]string{
	aliceNamespace:         {labelTenant: "alice"},
	"default":              {},
	"kube-system":          {},
	"claude-runner-system": {},
}

func TestEntries(t *testing.T) {
	validatingGate := newGate(t, Validating(sample).Webhooks, known)
	mutatingGate := newGate(t, asValidating(Mutating(sample).Webhooks), known)
	person := []string{"gatehouse:users", "local:research", "system:authenticated"}
	tenant := meta(map[string]any{"name": "x", "labels": map[string]any{labelTenant: "alice"}})
	plain := meta(map[string]any{"name": "x"})
	dying := meta(map[string]any{"name": "x", "deletionTimestamp": "2026-01-01T00:00:00Z"})
	job := "system:serviceaccount:kube-system:job-controller"
	node := []string{"system:nodes", "system:authenticated"}
	for name, test := range map[string]struct {
		write write
		want  string
	}{
		"person creates a Pod":                    {write{user: "local:alice", groups: person, operation: admission.Create, resource: "pods", namespace: aliceNamespace, object: plain}, "tenant"},
		"anybody creates a Pod there":             {write{user: "somebody", operation: admission.Create, resource: "pods", namespace: aliceNamespace, object: plain}, "tenant"},
		"exec":                                    {write{user: "local:alice", groups: person, operation: admission.Connect, resource: "pods", subresource: "exec", namespace: aliceNamespace, name: "p", object: map[string]any{"kind": "PodExecOptions"}}, "tenant"},
		"eviction":                                {write{user: "local:alice", groups: person, operation: admission.Create, resource: "pods", subresource: "eviction", namespace: aliceNamespace, name: "p", object: plain}, "tenant"},
		"token":                                   {write{user: "local:alice", groups: person, operation: admission.Create, resource: "serviceaccounts", subresource: "token", namespace: aliceNamespace, name: "s", object: map[string]any{"kind": "TokenRequest"}}, "tenant"},
		"delete collection":                       {write{user: "local:alice", groups: person, operation: admission.Delete, resource: "pods", namespace: aliceNamespace, oldObject: plain}, "tenant"},
		"an access review is no write":            {write{user: "local:alice", groups: person, operation: admission.Create, group: "authorization.k8s.io", resource: "localsubjectaccessreviews", namespace: aliceNamespace, object: plain}, ""},
		"one's own access review":                 {write{user: "local:alice", groups: person, operation: admission.Create, group: "authorization.k8s.io", resource: "selfsubjectaccessreviews", object: plain}, ""},
		"person outside":                          {write{user: "local:alice", groups: person, operation: admission.Create, resource: "configmaps", namespace: "default", object: plain}, "guests"},
		"person by the alias alone":               {write{user: "local:alice", operation: admission.Create, resource: "configmaps", namespace: "default", object: plain}, "guests"},
		"person by the group alone":               {write{user: "alice", groups: person, operation: admission.Create, resource: "configmaps", namespace: "default", object: plain}, "guests"},
		"a second issuer's person":                {write{user: "corp:alice", operation: admission.Delete, resource: "leases", group: "coordination.k8s.io", namespace: "kube-system", oldObject: plain}, "guests"},
		"a tenant's service account outside":      {write{user: "system:serviceaccount:" + aliceNamespace + ":default", operation: admission.Create, resource: "events", namespace: "default", object: plain}, "guests"},
		"a tenant's service account, cluster":     {write{user: "system:serviceaccount:" + aliceNamespace + ":default", operation: admission.Create, group: "rbac.authorization.k8s.io", resource: "clusterroles", object: plain}, "guests"},
		"another's service account outside":       {write{user: "system:serviceaccount:default:default", operation: admission.Create, resource: "events", namespace: "default", object: plain}, ""},
		"admin outside":                           {write{user: "local:root", groups: []string{"system:masters", "gatehouse:users"}, operation: admission.Create, resource: "configmaps", namespace: "default", object: plain}, ""},
		"admin inside":                            {write{user: "admin", groups: []string{"system:masters"}, operation: admission.Create, resource: "pods", namespace: aliceNamespace, object: plain}, "tenant"},
		"person makes a namespace":                {write{user: "local:alice", groups: person, operation: admission.Create, resource: "namespaces", namespace: "n", name: "n", object: plain}, "namespaces"},
		"person finalizes a namespace":            {write{user: "local:alice", groups: person, operation: admission.Update, resource: "namespaces", subresource: "finalize", namespace: "default", name: "default", object: plain, oldObject: plain}, "namespaces"},
		"somebody makes another's namespace":      {write{user: "somebody", operation: admission.Create, resource: "namespaces", namespace: "n", name: "n", object: plain}, ""},
		"somebody labels one":                     {write{user: "somebody", operation: admission.Update, resource: "namespaces", namespace: "default", name: "default", object: tenant, oldObject: plain}, "namespaces"},
		"somebody drops the label":                {write{user: "somebody", operation: admission.Update, resource: "namespaces", namespace: "default", name: "default", object: plain, oldObject: tenant}, "namespaces"},
		"somebody drops the label by status":      {write{user: "somebody", operation: admission.Update, resource: "namespaces", subresource: "status", namespace: "default", name: "default", object: plain, oldObject: tenant}, "namespaces"},
		"somebody uses our prefix":                {write{user: "somebody", operation: admission.Create, resource: "namespaces", namespace: "claude-runner-user-x", name: "claude-runner-user-x", object: plain}, "namespaces"},
		"somebody generates our prefix":           {write{user: "somebody", operation: admission.Create, resource: "namespaces", object: meta(map[string]any{"generateName": "claude-runner-user-"})}, "namespaces"},
		"somebody deletes a tenant's":             {write{user: "somebody", operation: admission.Delete, resource: "namespaces", namespace: aliceNamespace, name: aliceNamespace, oldObject: tenant}, "namespaces"},
		"namespace controller finalizes":          {write{user: "system:serviceaccount:kube-system:namespace-controller", operation: admission.Update, resource: "namespaces", subresource: "finalize", namespace: aliceNamespace, name: aliceNamespace, object: tenant, oldObject: tenant}, ""},
		"another group's namespaces, labelled":    {write{user: "local:alice", groups: person, operation: admission.Create, group: "crd.example.com", resource: "namespaces", object: tenant}, "namespaces"},
		"another group's namespaces, in hers":     {write{user: "somebody", operation: admission.Create, group: "crd.example.com", resource: "namespaces", namespace: aliceNamespace, object: plain}, "namespaces"},
		"person makes her Tenant":                 {write{user: "local:alice", groups: person, operation: admission.Create, group: "gatehouse.dev", resource: "tenants", name: "alice", object: plain}, "platform"},
		"admin changes a Tier":                    {write{user: "admin", groups: []string{"system:masters"}, operation: admission.Update, group: "gatehouse.dev", resource: "tiers", name: "standard", object: plain, oldObject: plain}, "platform"},
		"provisioner writes status":               {write{user: provisioner, operation: admission.Update, group: "gatehouse.dev", resource: "tenants", subresource: "status", name: "alice", object: plain, oldObject: plain}, "platform"},
		"a constraint":                            {write{user: "admin", operation: admission.Create, group: "constraints.gatekeeper.sh", resource: "k8srequiredlabels", name: "x", object: plain}, "platform"},
		"ledger by the webhook":                   {write{user: "system:serviceaccount:claude-runner-system:gatehouse-webhook", operation: admission.Update, group: "gatehouse.dev", resource: "quotaledgers", name: "organization-acme", object: plain, oldObject: plain}, ""},
		"ledger by a person":                      {write{user: "local:alice", groups: person, operation: admission.Update, group: "gatehouse.dev", resource: "quotaledgers", name: "organization-acme", object: plain, oldObject: plain}, "guests"},
		"usage by the provisioner":                {write{user: provisioner, operation: admission.Update, group: "gatehouse.dev", resource: "usages", namespace: aliceNamespace, name: "current", object: plain, oldObject: plain}, ""},
		"usage by a person":                       {write{user: "local:alice", groups: person, operation: admission.Update, group: "gatehouse.dev", resource: "usages", namespace: aliceNamespace, name: "current", object: plain, oldObject: plain}, "tenant"},
		"another usages by the provisioner":       {write{user: provisioner, operation: admission.Update, group: "example.com", resource: "usages", namespace: aliceNamespace, name: "current", object: plain, oldObject: plain}, "tenant"},
		"node reports a Pod":                      {write{user: "system:node:n1", groups: node, operation: admission.Update, resource: "pods", subresource: "status", namespace: aliceNamespace, name: "p", object: plain, oldObject: plain}, ""},
		"node ends a Pod":                         {write{user: "system:node:n1", groups: node, operation: admission.Delete, resource: "pods", namespace: aliceNamespace, name: "p", oldObject: plain}, ""},
		"node updates a Pod":                      {write{user: "system:node:n1", groups: node, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: plain, oldObject: plain}, "tenant"},
		"node by the name alone":                  {write{user: "system:node:n1", operation: admission.Delete, resource: "pods", namespace: aliceNamespace, name: "p", oldObject: plain}, "tenant"},
		"node by the group alone":                 {write{user: "somebody", groups: node, operation: admission.Delete, resource: "pods", namespace: aliceNamespace, name: "p", oldObject: plain}, "tenant"},
		"node asks for a token":                   {write{user: "system:node:n1", groups: node, operation: admission.Create, resource: "serviceaccounts", subresource: "token", namespace: aliceNamespace, name: "default", object: map[string]any{"kind": "TokenRequest"}}, ""},
		"node deletes a Secret":                   {write{user: "system:node:n1", groups: node, operation: admission.Delete, resource: "secrets", namespace: aliceNamespace, name: "s", oldObject: plain}, "tenant"},
		"job controller removes a Pod":            {write{user: job, operation: admission.Delete, resource: "pods", namespace: aliceNamespace, name: "p", oldObject: plain}, ""},
		"job controller, finalizer of a dying":    {write{user: job, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: dying, oldObject: dying}, ""},
		"job controller, finalizer of a living":   {write{user: job, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: plain, oldObject: plain}, "tenant"},
		"job controller makes a Pod":              {write{user: job, operation: admission.Create, resource: "pods", namespace: aliceNamespace, object: plain}, "tenant"},
		"job controller's status":                 {write{user: job, operation: admission.Update, group: "batch", resource: "jobs", subresource: "status", namespace: aliceNamespace, name: "j", object: plain, oldObject: plain}, ""},
		"one who calls himself nearly so":         {write{user: job + "x", operation: admission.Delete, resource: "pods", namespace: aliceNamespace, name: "p", oldObject: plain}, "tenant"},
		"garbage collector, own account":          {write{user: GarbageCollector, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: plain, oldObject: tenant}, ""},
		"shared account deletes":                  {write{user: SharedController, operation: admission.Delete, resource: "pods", namespace: aliceNamespace, name: "p", oldObject: plain}, ""},
		"shared account makes":                    {write{user: SharedController, operation: admission.Create, resource: "pods", namespace: aliceNamespace, object: plain}, "tenant"},
		"shared account cuts loose":               {write{user: SharedController, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: body("a", nil, "1"), oldObject: body("a", []any{map[string]any{"uid": "u"}}, "1")}, ""},
		"shared account changes a label":          {write{user: SharedController, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: body("b", nil, "1"), oldObject: body("a", nil, "1")}, "tenant"},
		"shared account changes the spec":         {write{user: SharedController, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: body("a", nil, "2"), oldObject: body("a", nil, "1")}, "tenant"},
		"shared account drops the spec":           {write{user: SharedController, operation: admission.Update, resource: "pods", namespace: aliceNamespace, name: "p", object: plain, oldObject: body("", nil, "1")}, "tenant"},
		"shared account scales":                   {write{user: SharedController, operation: admission.Update, group: "apps", resource: "deployments", subresource: "scale", namespace: aliceNamespace, name: "p", object: plain, oldObject: plain}, "tenant"},
		"quota plugin":                            {write{user: "system:apiserver", groups: []string{"system:masters"}, operation: admission.Update, resource: "resourcequotas", subresource: "status", namespace: aliceNamespace, name: "q", object: plain, oldObject: plain}, ""},
		"quota plugin, not the status":            {write{user: "system:apiserver", groups: []string{"system:masters"}, operation: admission.Update, resource: "resourcequotas", namespace: aliceNamespace, name: "q", object: plain, oldObject: plain}, "tenant"},
		"scheduler binds":                         {write{user: "system:kube-scheduler", operation: admission.Create, resource: "pods", subresource: "binding", namespace: aliceNamespace, name: "p", object: plain}, "tenant"},
		"controller in a namespace of nobody's":   {write{user: job, operation: admission.Create, resource: "pods", namespace: "kube-system", object: plain}, ""},
		"webhook's own Lease":                     {write{user: "system:serviceaccount:claude-runner-system:gatehouse-webhook", operation: admission.Update, group: "coordination.k8s.io", resource: "leases", namespace: "claude-runner-system", name: "gatehouse-webhook-0", object: plain, oldObject: plain}, ""},
		"persistent volume by a tenant's account": {write{user: "local:alice", groups: person, operation: admission.Create, resource: "persistentvolumes", object: plain}, "guests"},
	} {
		t.Run(name, func(t *testing.T) {
			validating := validatingGate.called(t, test.write)
			if diff := cmp.Diff(test.want, strings.Join(validating, "+")); diff != "" {
				t.Errorf("validating (-want +got):\n%s", diff)
			}
			want := test.want
			if test.write.operation != admission.Create && test.write.operation != admission.Update {
				want = ""
			}
			mutating := mutatingGate.called(t, test.write)
			if diff := cmp.Diff(want, strings.Join(mutating, "+")); diff != "" {
				t.Errorf("mutating (-want +got):\n%s", diff)
			}
		})
	}
}

// body is an object with a label, owners and a spec.
func body(label string, owners []any, spec string) map[string]any {
	metadata := map[string]any{"name": "x", "resourceVersion": "7"}
	if label != "" {
		metadata["labels"] = map[string]any{"app": label}
	}
	if owners != nil {
		metadata["ownerReferences"] = owners
	}
	o := meta(metadata)
	o["spec"] = map[string]any{"field": spec}
	return o
}
