package guard

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	kadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/manifests/admission"
)

// weakened is the shipped configuration with a change.
func weakened(change func(*admissionregistrationv1.ValidatingWebhookConfiguration)) *admissionregistrationv1.ValidatingWebhookConfiguration {
	c := admission.Validating(sample)
	change(c)
	return c
}

func TestFencesStandWhereTheWebhooksDoNot(t *testing.T) {
	guards := compile(t, []Guard{fences(sample)})
	intact := admission.Validating(sample)
	weak := map[string]*admissionregistrationv1.ValidatingWebhookConfiguration{
		"no webhooks": weakened(func(c *admissionregistrationv1.ValidatingWebhookConfiguration) { c.Webhooks = nil }),
	}
	for n, hook := range intact.Webhooks {
		weak["without "+hook.Name] = weakened(func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks = append(c.Webhooks[:n:n], c.Webhooks[n+1:]...)
		})
		weak[hook.Name+" fails open"] = weakened(func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[n].FailurePolicy = ptr.To(admissionregistrationv1.Ignore)
		})
		weak[hook.Name+" says nothing"] = weakened(func(c *admissionregistrationv1.ValidatingWebhookConfiguration) {
			c.Webhooks[n].FailurePolicy = nil
		})
	}
	home := "claude-runner-user-alice"
	writes := map[string]write{
		"the quota":           {operation: kadmission.Update, resource: "resourcequotas", namespace: home, name: "gatehouse", object: named("gatehouse"), oldObject: named("gatehouse")},
		"the limit range":     {operation: kadmission.Delete, resource: "limitranges", namespace: home, name: "gatehouse", oldObject: named("gatehouse")},
		"the namespace":       {operation: kadmission.Update, resource: "namespaces", namespace: home, name: home, object: named(home), oldObject: named(home)},
		"a network policy":    {operation: kadmission.Create, group: "networking.k8s.io", resource: "networkpolicies", namespace: home, name: "open", object: named("open")},
		"a role":              {operation: kadmission.Create, group: "rbac.authorization.k8s.io", resource: "roles", namespace: home, name: "all", object: named("all")},
		"a binding":           {operation: kadmission.Create, group: "rbac.authorization.k8s.io", resource: "clusterrolebindings", name: "all", object: binding("all", "cluster-admin")},
		"an account":          {operation: kadmission.Delete, resource: "serviceaccounts", namespace: home, name: "deployer", oldObject: named("deployer")},
		"her tenant":          {operation: kadmission.Update, group: "gatehouse.dev", resource: "tenants", name: "alice", object: named("alice"), oldObject: named("alice")},
		"what she uses":       {operation: kadmission.Update, group: "gatehouse.dev", resource: "usages", namespace: home, name: "current", object: named("current"), oldObject: named("current")},
		"a Policy":            {operation: kadmission.Create, group: "gatehouse.dev", resource: "policies", name: "mine", object: named("mine")},
		"an organization's":   {operation: kadmission.Update, group: "gatehouse.dev", resource: "organizationsettings", name: "acme", object: named("acme"), oldObject: named("acme")},
		"a tier":              {operation: kadmission.Delete, group: "gatehouse.dev", resource: "tiers", oldObject: named("standard")},
		"a model":             {operation: kadmission.Delete, group: "gatehouse.dev", resource: "models", oldObject: named("claude-opus")},
		"another's namespace": {operation: kadmission.Delete, resource: "namespaces", namespace: "kube-system", name: "kube-system", oldObject: named("kube-system")},
	}
	guests := map[string][]string{
		"local:alice": {"gatehouse:users"},
		"system:serviceaccount:claude-runner-user-alice:deployer": {"system:serviceaccounts"},
		"somebody": {"gatehouse:users"},
	}
	others := map[string][]string{
		"system:serviceaccount:claude-runner-system:gatehouse-provisioner": nil,
		"system:kube-controller-manager":                                   nil,
		"admin":                                                            {"system:masters"},
		"local:root":                                                       {"gatehouse:users", "system:masters"},
	}
	for what, w := range writes {
		for user, groups := range guests {
			w.user, w.groups, w.params = user, groups, nil
			if got := denied(t, guards, w); len(got) > 0 {
				t.Errorf("%s by %s, the webhooks in front: %v", what, user, got)
			}
			for how, configuration := range weak {
				w.params = configuration
				if got := strings.Join(denied(t, guards, w), "+"); !strings.HasPrefix(got, "gatehouse-tenant-fences: ") {
					t.Errorf("%s by %s, %s: denied by %q", what, user, how, got)
				}
			}
		}
		for user, groups := range others {
			w.user, w.groups, w.params = user, groups, weak["no webhooks"]
			if got := denied(t, guards, w); len(got) > 0 {
				t.Errorf("%s by %s: %v", what, user, got)
			}
		}
	}
	// Denying where there is no configuration would stop controllers and admins too: the
	// parameter is looked for before the conditions are.
	if ref := fences(sample).Binding.Spec.ParamRef; ref.Name != "gatehouse" || *ref.ParameterNotFoundAction != admissionregistrationv1.AllowAction {
		t.Errorf("the binding's parameter is %+v", ref)
	}
}
