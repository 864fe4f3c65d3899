package guard

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"gatehouse.dev/gatehouse/test/manifests/admission"
	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// isCaller is a matchCondition that is true for one of our two accounts.
func isCaller(name string, accounts string) admissionregistrationv1.MatchCondition {
	return admissionregistrationv1.MatchCondition{Name: name, Expression: "has(request.userInfo.username) && request.userInfo.username in [" + accounts + "]"}
}

// ledgers: QuotaLedger is not behind our webhooks, since a reservation would call us
// inside our own call.
func ledgers(i installation.Installation) Guard {
	return guard("gatehouse-quota-ledgers", i,
		[]rule{{groups: []string{"gatehouse.dev"}, resources: []string{"quotaledgers", "quotaledgers/*"}, operations: anyWrite}},
		nil, nil,
		[]admissionregistrationv1.Validation{validation("variables.webhook || variables.provisioner || variables.admin",
			"a QuotaLedger is written by Gatehouse and platform admins only")},
	)
}

// organizationRoles: nobody else makes roles under the names that the provisioner gives
// organizations' admins, and the provisioner makes none under any other.
func organizationRoles(i installation.Installation) Guard {
	ours := admissionregistrationv1.Variable{Name: "ours", Expression: "variables.name.startsWith('gatehouse:org:')"}
	collector := admissionregistrationv1.Variable{Name: "collector", Expression: "request.operation != 'CREATE' && variables.user in ['" + admission.GarbageCollector + "', '" + admission.SharedController + "']"}
	return guard("gatehouse-organization-roles", i,
		[]rule{{groups: []string{"rbac.authorization.k8s.io"}, resources: []string{"clusterroles", "clusterrolebindings"}, operations: anyWrite}},
		nil,
		[]admissionregistrationv1.Variable{name(), ours, collector},
		[]admissionregistrationv1.Validation{
			validation("!variables.ours || variables.provisioner || variables.admin || variables.collector",
				"cluster roles and bindings named gatehouse:org:* are written by Gatehouse's provisioner and platform admins only"),
			validation("!variables.provisioner || variables.ours",
				"the provisioner writes only cluster roles and bindings named gatehouse:org:*"),
			validation("!variables.provisioner || request.resource.resource != 'clusterrolebindings' || object == null || dyn(object).roleRef.name == variables.name",
				"the provisioner binds only the cluster role of the binding's own name"),
		},
	)
}

// webhookConfigurations never reach webhooks, ours among them.
func webhookConfigurations(i installation.Installation) Guard {
	const same = `dyn(object).webhooks.size() == dyn(oldObject).webhooks.size()
&& dyn(object).webhooks.all(now, dyn(oldObject).webhooks.exists_one(was,
  now.name == was.name
  && now.all(key, key == 'clientConfig' || (key in was && now[key] == was[key]))
  && was.all(key, key in now)
  && now.clientConfig.all(key, key == 'caBundle' || (key in was.clientConfig && now.clientConfig[key] == was.clientConfig[key]))
  && was.clientConfig.all(key, key == 'caBundle' || key in now.clientConfig)
))`
	return guard("gatehouse-webhook-configurations", i,
		[]rule{{groups: []string{"admissionregistration.k8s.io"}, resources: []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"}, operations: afterBirth}},
		[]admissionregistrationv1.MatchCondition{{Name: "ours", Expression: "has(request.name) && request.name == 'gatehouse' ||\noldObject != null && oldObject.metadata.name == 'gatehouse'"}},
		[]admissionregistrationv1.Variable{{Name: "onlyBundle", Expression: "request.operation == 'UPDATE'\n&& " + same}},
		[]admissionregistrationv1.Validation{validation("variables.admin || (variables.provisioner && variables.onlyBundle)",
			"the webhook configurations named gatehouse are changed by platform admins only; the provisioner sets caBundle and nothing else")},
	)
}

// provisionerReach keeps the account with the most power to the namespaces that it is
// there for.
func provisionerReach(i installation.Installation) Guard {
	return guard("gatehouse-provisioner-reach", i,
		[]rule{
			{groups: []string{""}, resources: []string{"namespaces", "resourcequotas", "limitranges", "serviceaccounts", "secrets", "configmaps", "pods"}, operations: anyWrite},
			{groups: []string{"networking.k8s.io"}, resources: []string{"networkpolicies"}, operations: anyWrite},
			{groups: []string{"rbac.authorization.k8s.io"}, resources: []string{"roles", "rolebindings"}, operations: anyWrite},
			{groups: []string{"batch"}, resources: []string{"jobs"}, operations: anyWrite},
			{groups: []string{"gatehouse.dev"}, resources: []string{"usages"}, operations: anyWrite},
			{groups: []string{"research.example.com"}, resources: []string{"researchsessions"}, operations: anyWrite},
		},
		[]admissionregistrationv1.MatchCondition{isCaller("provisioner", "'"+i.Provisioner()+"'")},
		[]admissionregistrationv1.Variable{{Name: "place", Expression: "has(request.namespace) ? request.namespace : ''"}},
		[]admissionregistrationv1.Validation{validation(
			"variables.place.startsWith('"+i.NamespacePrefix+"')\n|| variables.place == '"+i.SystemNamespace+"' && request.resource.resource != 'namespaces'",
			"the provisioner writes only in tenants' namespaces and its own")},
	)
}

// ownObjects does what RBAC cannot: limits create to names.
func ownObjects(i installation.Installation) Guard {
	return guard("gatehouse-own-objects", i,
		[]rule{
			{groups: []string{""}, resources: []string{"secrets"}, operations: birth},
			{groups: []string{"coordination.k8s.io"}, resources: []string{"leases"}, operations: anyWrite},
		},
		[]admissionregistrationv1.MatchCondition{isCaller("ours", "'"+i.Webhook()+"', '"+i.Provisioner()+"'")},
		[]admissionregistrationv1.Variable{name()},
		[]admissionregistrationv1.Validation{
			validation("request.resource.resource != 'secrets'\n|| variables.name == (variables.webhook ? 'gatehouse-webhook-ca' : 'gatehouse-passport-keys')",
				"Gatehouse's accounts create no Secret but their own"),
			validation("request.resource.resource != 'leases'\n|| variables.name.startsWith(variables.webhook ? 'gatehouse-webhook' : 'gatehouse-provisioner')",
				"Gatehouse's accounts write no Lease but their own"),
		},
	)
}
