package guard

import (
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/manifests/admission"
	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// fences stand behind the webhooks: where one of the validating ones is gone or no longer
// fails closed, nobody of a tenant's side writes what guards tenants, whatever RBAC says.
// While the webhooks are in front they answer themselves, with a reason and a line in the
// log. Without any configuration there is no parameter to ask, and no fence: the API server
// looks for the parameter before it asks who calls, so that denying then would deny
// everybody, controllers and administrators too.
func fences(i installation.Installation) Guard {
	var names []string
	for _, entry := range admission.Entries(i) {
		names = append(names, "'"+entry.Name+"'")
	}
	inFront := "has(params.webhooks) && [" + strings.Join(names, ", ") + "].all(name, params.webhooks.exists(hook,\n" +
		"  hook.name == name && has(hook.failurePolicy) && hook.failurePolicy == 'Fail'))"
	g := guard("gatehouse-tenant-fences", i,
		[]rule{
			{groups: []string{""}, resources: []string{"namespaces", "namespaces/*", "resourcequotas", "resourcequotas/*", "limitranges", "serviceaccounts"}, operations: anyWrite},
			{groups: []string{"networking.k8s.io"}, resources: []string{"networkpolicies"}, operations: anyWrite},
			{groups: []string{"rbac.authorization.k8s.io"}, resources: []string{"roles", "rolebindings", "clusterroles", "clusterrolebindings"}, operations: anyWrite},
			{groups: []string{"gatehouse.dev"}, resources: []string{"usages", "tenants", "tiers", "models", "organizations", "organizationsettings", "policies"}, operations: anyWrite},
		},
		[]admissionregistrationv1.MatchCondition{{Name: "guest", Expression: admission.Guest(i)}},
		nil,
		[]admissionregistrationv1.Validation{validation(inFront,
			"the webhooks of Gatehouse are not in front of this API server: until they are, nobody of a tenant's side changes what guards tenants")},
	)
	g.Policy.Spec.ParamKind = &admissionregistrationv1.ParamKind{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingWebhookConfiguration"}
	g.Binding.Spec.ParamRef = &admissionregistrationv1.ParamRef{Name: "gatehouse", ParameterNotFoundAction: ptr.To(admissionregistrationv1.AllowAction)}
	return g
}
