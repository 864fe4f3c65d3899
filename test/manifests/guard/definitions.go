package guard

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// definitions keeps the provisioner to the kinds that it makes of Gatekeeper's
// templates: RBAC knows neither the group of a definition nor a pattern of names.
func definitions(i installation.Installation) Guard {
	const group = "constraints.gatekeeper.sh"
	return guard("gatehouse-constraint-kinds", i,
		[]rule{{groups: []string{"apiextensions.k8s.io"}, resources: []string{"customresourcedefinitions", "customresourcedefinitions/*"}, operations: anyWrite}},
		[]admissionregistrationv1.MatchCondition{isCaller("provisioner", "'"+i.Provisioner()+"'")},
		[]admissionregistrationv1.Variable{name()},
		[]admissionregistrationv1.Validation{validation(
			"variables.name.endsWith('."+group+"') && (object == null || dyn(object).spec.group == '"+group+"')",
			"the provisioner defines only kinds of group "+group)},
	)
}
