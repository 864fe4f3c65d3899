package guard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	kadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/manifests/admission"
)

func TestGuards(t *testing.T) {
	const (
		registration = "admissionregistration.k8s.io"
		rbac         = "rbac.authorization.k8s.io"
		hooks        = "validatingwebhookconfigurations"
	)
	webhook, provisioner := sample.Webhook(), sample.Provisioner()
	masters := []string{"system:masters"}
	guards := compile(t, Guards(sample))
	for name, test := range map[string]struct {
		write write
		want  string // guards that deny
	}{
		"webhook reserves":                   {write{user: webhook, operation: kadmission.Update, group: "gatehouse.dev", resource: "quotaledgers", name: "l", object: named("l"), oldObject: named("l")}, ""},
		"provisioner settles":                {write{user: provisioner, operation: kadmission.Delete, group: "gatehouse.dev", resource: "quotaledgers", name: "l", oldObject: named("l")}, ""},
		"master repairs":                     {write{user: "admin", groups: masters, operation: kadmission.Update, group: "gatehouse.dev", resource: "quotaledgers", name: "l", object: named("l"), oldObject: named("l")}, ""},
		"named admin repairs":                {write{user: "corp:root", operation: kadmission.Update, group: "gatehouse.dev", resource: "quotaledgers", name: "l", object: named("l"), oldObject: named("l")}, ""},
		"person writes a ledger":             {write{user: "local:alice", groups: []string{"gatehouse:users"}, operation: kadmission.Create, group: "gatehouse.dev", resource: "quotaledgers", name: "l", object: named("l")}, "gatehouse-quota-ledgers"},
		"nobody writes a ledger":             {write{operation: kadmission.Delete, group: "gatehouse.dev", resource: "quotaledgers", oldObject: named("l")}, "gatehouse-quota-ledgers"},
		"provisioner makes org role":         {write{user: provisioner, operation: kadmission.Create, group: rbac, resource: "clusterroles", name: "gatehouse:org:acme", object: named("gatehouse:org:acme")}, ""},
		"provisioner makes another role":     {write{user: provisioner, operation: kadmission.Create, group: rbac, resource: "clusterroles", name: "mine", object: named("mine")}, "gatehouse-organization-roles"},
		"provisioner removes another role":   {write{user: provisioner, operation: kadmission.Delete, group: rbac, resource: "clusterroles", name: "cluster-admin", oldObject: named("cluster-admin")}, "gatehouse-organization-roles"},
		"provisioner binds the same":         {write{user: provisioner, operation: kadmission.Create, group: rbac, resource: "clusterrolebindings", name: "gatehouse:org:acme", object: binding("gatehouse:org:acme", "gatehouse:org:acme")}, ""},
		"provisioner binds another":          {write{user: provisioner, operation: kadmission.Create, group: rbac, resource: "clusterrolebindings", name: "gatehouse:org:acme", object: binding("gatehouse:org:acme", "cluster-admin")}, "gatehouse-organization-roles"},
		"operator makes org role":            {write{user: "somebody", operation: kadmission.Create, group: rbac, resource: "clusterroles", name: "gatehouse:org:acme", object: named("gatehouse:org:acme")}, "gatehouse-organization-roles"},
		"operator makes another role":        {write{user: "somebody", operation: kadmission.Create, group: rbac, resource: "clusterroles", name: "x", object: named("x")}, ""},
		"collector removes org role":         {write{user: admission.GarbageCollector, operation: kadmission.Delete, group: rbac, resource: "clusterroles", name: "gatehouse:org:acme", oldObject: named("gatehouse:org:acme")}, ""},
		"collector makes org role":           {write{user: admission.GarbageCollector, operation: kadmission.Create, group: rbac, resource: "clusterroles", name: "gatehouse:org:acme", object: named("gatehouse:org:acme")}, "gatehouse-organization-roles"},
		"provisioner sets caBundle":          {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: hook("ca", nil), oldObject: hook("", nil)}, ""},
		"provisioner sets caBundle, untyped": {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: untyped(t, hook("ca", nil)), oldObject: untyped(t, hook("", nil))}, ""},
		"provisioner ignores failures": {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: hook("", func(w *admissionregistrationv1.ValidatingWebhook) {
			w.FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
		}), oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"provisioner adds a condition": {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: hook("", func(w *admissionregistrationv1.ValidatingWebhook) {
			w.MatchConditions = []admissionregistrationv1.MatchCondition{{Name: "x", Expression: "false"}}
		}), oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"provisioner drops a rule":         {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: hook("", func(w *admissionregistrationv1.ValidatingWebhook) { w.Rules = nil }), oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"provisioner redirects":            {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: hook("", func(w *admissionregistrationv1.ValidatingWebhook) { w.ClientConfig.Service.Name = "other" }), oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"provisioner gives a url":          {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: hook("", func(w *admissionregistrationv1.ValidatingWebhook) { w.ClientConfig.URL = ptr.To("https://other") }), oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"provisioner drops a webhook":      {write{user: provisioner, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: &admissionregistrationv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "gatehouse"}, Webhooks: hook("", nil).Webhooks[:1]}, oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"provisioner removes it":           {write{user: provisioner, operation: kadmission.Delete, group: registration, resource: hooks, name: "gatehouse", oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"operator removes it":              {write{user: "somebody", operation: kadmission.Delete, group: registration, resource: hooks, name: "gatehouse", oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"operator removes all":             {write{user: "somebody", operation: kadmission.Delete, group: registration, resource: hooks, oldObject: hook("", nil)}, "gatehouse-webhook-configurations"},
		"operator removes another's":       {write{user: "somebody", operation: kadmission.Delete, group: registration, resource: hooks, name: "x", oldObject: named("x")}, ""},
		"master changes it":                {write{user: "admin", groups: masters, operation: kadmission.Update, group: registration, resource: hooks, name: "gatehouse", object: named("gatehouse"), oldObject: hook("", nil)}, ""},
		"provisioner makes a tenant's":     {write{user: provisioner, operation: kadmission.Create, resource: "namespaces", namespace: "claude-runner-user-alice", name: "claude-runner-user-alice", object: named("claude-runner-user-alice")}, ""},
		"provisioner removes kube-system":  {write{user: provisioner, operation: kadmission.Delete, resource: "namespaces", namespace: "kube-system", name: "kube-system", oldObject: named("kube-system")}, "gatehouse-provisioner-reach"},
		"provisioner removes its own":      {write{user: provisioner, operation: kadmission.Delete, resource: "namespaces", namespace: "claude-runner-system", name: "claude-runner-system", oldObject: named("claude-runner-system")}, "gatehouse-provisioner-reach"},
		"provisioner binds in kube-system": {write{user: provisioner, operation: kadmission.Create, group: rbac, resource: "rolebindings", namespace: "kube-system", name: "x", object: named("x")}, "gatehouse-provisioner-reach"},
		"somebody binds in kube-system":    {write{user: "somebody", operation: kadmission.Create, group: rbac, resource: "rolebindings", namespace: "kube-system", name: "x", object: named("x")}, ""},
		"webhook makes its CA":             {write{user: webhook, operation: kadmission.Create, resource: "secrets", namespace: "claude-runner-system", name: "gatehouse-webhook-ca", object: named("gatehouse-webhook-ca")}, ""},
		"webhook makes another's":          {write{user: webhook, operation: kadmission.Create, resource: "secrets", namespace: "claude-runner-system", name: "gatehouse-passport-keys", object: named("gatehouse-passport-keys")}, "gatehouse-own-objects"},
		"provisioner makes its keys":       {write{user: provisioner, operation: kadmission.Create, resource: "secrets", namespace: "claude-runner-system", name: "gatehouse-passport-keys", object: named("gatehouse-passport-keys")}, ""},
		"webhook renews":                   {write{user: webhook, operation: kadmission.Update, group: "coordination.k8s.io", resource: "leases", namespace: "claude-runner-system", name: "gatehouse-webhook-0", object: named("gatehouse-webhook-0"), oldObject: named("gatehouse-webhook-0")}, ""},
		"webhook takes the lead":           {write{user: webhook, operation: kadmission.Update, group: "coordination.k8s.io", resource: "leases", namespace: "claude-runner-system", name: "gatehouse-provisioner", object: named("gatehouse-provisioner"), oldObject: named("gatehouse-provisioner")}, "gatehouse-own-objects"},
		"provisioner leads":                {write{user: provisioner, operation: kadmission.Update, group: "coordination.k8s.io", resource: "leases", namespace: "claude-runner-system", name: "gatehouse-provisioner", object: named("gatehouse-provisioner"), oldObject: named("gatehouse-provisioner")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			var got []string
			for _, message := range denied(t, guards, test.write) {
				name, _, _ := strings.Cut(message, ":")
				got = append(got, name)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "+")); diff != "" {
				t.Errorf("denied by (-want +got):\n%s", diff)
			}
		})
	}
}

func named(name string) *unstructured.Unstructured {
	return &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": name}}}
}

func binding(name, role string) *unstructured.Unstructured {
	o := named(name)
	o.Object["roleRef"] = map[string]any{"name": role}
	return o
}

// hook is the shipped configuration with a bundle on every webhook and one changed.
func hook(bundle string, change func(*admissionregistrationv1.ValidatingWebhook)) *admissionregistrationv1.ValidatingWebhookConfiguration {
	c := admission.Validating(sample)
	for n := range c.Webhooks {
		if bundle != "" {
			c.Webhooks[n].ClientConfig.CABundle = []byte(bundle)
		}
	}
	if change != nil {
		change(&c.Webhooks[1])
	}
	return c
}

func untyped(t *testing.T, o runtime.Object) *unstructured.Unstructured {
	t.Helper()
	fields, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		t.Fatal(err)
	}
	return &unstructured.Unstructured{Object: fields}
}
