package home

import (
	rbacv1 "k8s.io/api/rbac/v1"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// The shipped ClusterRoles that a tenant's namespace binds, each under its own name.
const (
	RoleMember   = "gatehouse:member"
	RoleDeployer = "gatehouse:deployer"
	RoleOrgAdmin = "gatehouse:org-admin"
	RoleAuditor  = "gatehouse:auditor"
)

func roleBindings(s Spec) []Object {
	bind := func(role string, subjects ...*rbacv1ac.SubjectApplyConfiguration) Object {
		return &roleBinding{rbacv1ac.RoleBinding(role, s.Namespace).
			WithLabels(s.labels()).WithAnnotations(s.annotations()).
			WithRoleRef(rbacv1ac.RoleRef().WithAPIGroup(rbacv1.GroupName).WithKind("ClusterRole").WithName(role)).
			WithSubjects(subjects...)}
	}
	deployer := rbacv1ac.Subject().WithKind(rbacv1.ServiceAccountKind).WithNamespace(s.Namespace).WithName(tenant.DeployerAccount)
	// The last two stay without subjects where nobody is named: a binding that came and
	// went would leave the old one behind.
	return []Object{
		bind(RoleMember, Subjects([]v1alpha1.Member{{User: s.Owner}})...),
		bind(RoleDeployer, deployer),
		bind(RoleOrgAdmin, Subjects(s.Admins)...),
		bind(RoleAuditor, Subjects(s.Auditors)...),
	}
}

// Subjects are the members as RBAC names them.
func Subjects(members []v1alpha1.Member) []*rbacv1ac.SubjectApplyConfiguration {
	var out []*rbacv1ac.SubjectApplyConfiguration
	for _, m := range members {
		subject := rbacv1ac.Subject().WithAPIGroup(rbacv1.GroupName)
		switch {
		case m.User != "":
			out = append(out, subject.WithKind(rbacv1.UserKind).WithName(m.User))
		case m.Group != "":
			out = append(out, subject.WithKind(rbacv1.GroupKind).WithName(m.Group))
		}
	}
	return out
}

// accounts: default is made here and not waited for, so that no Pod ever sees it with
// its token mounted.
func accounts(s Spec) []Object {
	account := func(name string) Object {
		return corev1ac.ServiceAccount(name, s.Namespace).
			WithLabels(s.labels()).WithAnnotations(s.annotations()).
			WithAutomountServiceAccountToken(false)
	}
	return []Object{account("default"), account(tenant.DeployerAccount)}
}
