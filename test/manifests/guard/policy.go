package guard

import (
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// Guard is a policy and the binding that puts it in force.
type Guard struct {
	Policy  *admissionregistrationv1.ValidatingAdmissionPolicy
	Binding *admissionregistrationv1.ValidatingAdmissionPolicyBinding
}

// Guards lists every guard.
func Guards(i installation.Installation) []Guard {
	return []Guard{ledgers(i), organizationRoles(i), webhookConfigurations(i), provisionerReach(i), ownObjects(i), fences(i), definitions(i)}
}

// rule is what a guard looks at.
type rule struct {
	groups     []string
	resources  []string
	operations []admissionregistrationv1.OperationType
}

// rule's operations.
var (
	anyWrite   = []admissionregistrationv1.OperationType{admissionregistrationv1.Create, admissionregistrationv1.Update, admissionregistrationv1.Delete}
	afterBirth = []admissionregistrationv1.OperationType{admissionregistrationv1.Update, admissionregistrationv1.Delete}
	birth      = []admissionregistrationv1.OperationType{admissionregistrationv1.Create}
)

// guard assembles a policy that denies unless every validation is true.
func guard(name string, i installation.Installation, rules []rule, conditions []admissionregistrationv1.MatchCondition, variables []admissionregistrationv1.Variable, validations []admissionregistrationv1.Validation) Guard {
	policy := &admissionregistrationv1.ValidatingAdmissionPolicy{
		TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicy"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
		Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy:    ptr.To(admissionregistrationv1.Fail),
			MatchConstraints: &admissionregistrationv1.MatchResources{MatchPolicy: ptr.To(admissionregistrationv1.Equivalent)},
			MatchConditions:  conditions,
			Variables:        append(callers(i), variables...),
			Validations:      validations,
		},
	}
	for _, r := range rules {
		policy.Spec.MatchConstraints.ResourceRules = append(policy.Spec.MatchConstraints.ResourceRules, admissionregistrationv1.NamedRuleWithOperations{
			RuleWithOperations: admissionregistrationv1.RuleWithOperations{
				Operations: r.operations,
				Rule: admissionregistrationv1.Rule{
					APIGroups: r.groups, APIVersions: []string{"*"}, Resources: r.resources,
					Scope: ptr.To(admissionregistrationv1.AllScopes),
				},
			},
		})
	}
	return Guard{
		Policy: policy,
		Binding: &admissionregistrationv1.ValidatingAdmissionPolicyBinding{
			TypeMeta:   metav1.TypeMeta{APIVersion: "admissionregistration.k8s.io/v1", Kind: "ValidatingAdmissionPolicyBinding"},
			ObjectMeta: metav1.ObjectMeta{Name: name},
			Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
				PolicyName:        name,
				ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
			},
		},
	}
}

// callers are the variables that say who calls.
func callers(i installation.Installation) []admissionregistrationv1.Variable {
	return []admissionregistrationv1.Variable{
		{Name: "user", Expression: "has(request.userInfo.username) ? request.userInfo.username : ''"},
		{Name: "admin", Expression: "has(request.userInfo.groups) && request.userInfo.groups.exists(group, group in " + i.AdminGroups + ")\n|| variables.user in " + i.AdminUsers},
		{Name: "webhook", Expression: "variables.user == '" + i.Webhook() + "'"},
		{Name: "provisioner", Expression: "variables.user == '" + i.Provisioner() + "'"},
	}
}

// name is the variable that holds the object's name: on DELETE the object is null.
func name() admissionregistrationv1.Variable {
	return admissionregistrationv1.Variable{Name: "name", Expression: "object != null ? object.metadata.name : oldObject.metadata.name"}
}

func validation(expression, message string) admissionregistrationv1.Validation {
	return admissionregistrationv1.Validation{Expression: expression, Message: message, Reason: ptr.To(metav1.StatusReasonForbidden)}
}
