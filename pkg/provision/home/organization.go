package home

import (
	metav1ac "k8s.io/client-go/applyconfigurations/meta/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	rbacv1 "k8s.io/api/rbac/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// OrganizationRole is the name of the ClusterRole and the ClusterRoleBinding of an
// organization's admins.
func OrganizationRole(organization string) string { return "gatehouse:org:" + organization }

// OrganizationAccess lets the admins of an organization change its settings and read what
// the platform gave it, both by name. The two objects are owned by the Organization and
// end with it.
func OrganizationAccess(o *v1alpha1.Organization) []Object {
	name := OrganizationRole(o.Name)
	owner := func() *metav1ac.OwnerReferenceApplyConfiguration {
		return metav1ac.OwnerReference().WithAPIVersion(v1alpha1.GroupVersion.String()).WithKind("Organization").
			WithName(o.Name).WithUID(o.UID)
	}
	labels := map[string]string{v1alpha1.LabelOrganization: o.Name, LabelManagedBy: ManagedBy}
	rule := func(resource string, verbs ...string) *rbacv1ac.PolicyRuleApplyConfiguration {
		return rbacv1ac.PolicyRule().WithAPIGroups(v1alpha1.GroupVersion.Group).WithResources(resource).
			WithResourceNames(o.Name).WithVerbs(verbs...)
	}
	return []Object{
		rbacv1ac.ClusterRole(name).WithLabels(labels).WithOwnerReferences(owner()).WithRules(
			rule("organizationsettings", "get", "update", "patch"),
			rule("organizations", "get"),
		),
		&clusterRoleBinding{rbacv1ac.ClusterRoleBinding(name).WithLabels(labels).WithOwnerReferences(owner()).
			WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(name)).
			WithSubjects(Subjects(o.Spec.Admins)...)},
	}
}
