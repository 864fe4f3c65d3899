package guard

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// suffix is what the API server asks of the names of what it reads from files.
const suffix = ".static.k8s.io"

// Static lists the guards that an API server may read from files: it asks no policy of its
// API about its policies and their bindings, and those of its files it does.
func Static(i installation.Installation) []Guard {
	all := []Guard{webhookConfigurations(i), policies(i)}
	for _, g := range all {
		g.Policy.Name += suffix
		g.Binding.Name += suffix
		g.Binding.Spec.PolicyName += suffix
	}
	return all
}

// policies holds the policies and bindings of the other guards.
func policies(i installation.Installation) Guard {
	return guard("gatehouse-policies", i,
		[]rule{{groups: []string{"admissionregistration.k8s.io"}, resources: []string{"validatingadmissionpolicies", "validatingadmissionpolicybindings"}, operations: afterBirth}},
		[]admissionregistrationv1.MatchCondition{{Name: "ours", Expression: "has(request.name) && request.name.startsWith('gatehouse-') ||\noldObject != null && oldObject.metadata.name.startsWith('gatehouse-')"}},
		nil,
		[]admissionregistrationv1.Validation{validation("variables.admin",
			"the policies named gatehouse-* and their bindings are changed by platform admins only")},
	)
}
