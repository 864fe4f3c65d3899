package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// The roles that follow from the Organization itself. Other role names may be given in
// OrganizationSettings.spec.roles; they select grants and give no power.
const (
	RoleMember = "member"
	RoleAdmin  = "admin"
)

// OrganizationSettings is what an organization's own admins decide, within what the
// Organization of the same name gives them.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,path=organizationsettings,singular=organizationsettings,shortName=orgset
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type OrganizationSettings struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec OrganizationSettingsSpec `json:"spec,omitempty"`
}

// OrganizationSettingsSpec hands on to members. An absent list grants nothing.
type OrganizationSettingsSpec struct {
	// roles name members for grants.
	// +kubebuilder:validation:MaxItems=512
	// +listType=atomic
	// +optional
	Roles []RoleAssignment `json:"roles,omitempty"`
	// grants say which models whom.
	// +kubebuilder:validation:MaxItems=256
	// +listType=atomic
	// +optional
	Grants []ModelGrant `json:"grants,omitempty"`
	// shares are limits that the organization sets for single tenants, below what the
	// tier gives.
	// +kubebuilder:validation:MaxItems=256
	// +listType=map
	// +listMapKey=tenant
	// +optional
	Shares []Share `json:"shares,omitempty"`
	// policyParameters are parameters of policies marked delegable, by policy name.
	// +optional
	PolicyParameters map[string]runtime.RawExtension `json:"policyParameters,omitempty"`
}

// RoleAssignment gives a user or group a role name of the organization's own.
// +kubebuilder:validation:XValidation:rule="has(self.user) != has(self.group)",message="exactly one of user and group must be set"
type RoleAssignment struct {
	Member `json:",inline"`
	// role is any name but admin and member, which follow from the Organization.
	// +kubebuilder:validation:Pattern=`^[a-z]([-a-z0-9]{0,61}[a-z0-9])?$`
	// +kubebuilder:validation:XValidation:rule="!(self in ['admin', 'member'])",message="admin and member follow from the Organization, which the platform owns"
	Role string `json:"role"`
}

// ModelGrant hands models to a role, a user or a group.
// +kubebuilder:validation:XValidation:rule="(has(self.role) ? 1 : 0) + (has(self.user) ? 1 : 0) + (has(self.group) ? 1 : 0) == 1",message="exactly one of role, user and group must be set"
type ModelGrant struct {
	// +kubebuilder:validation:MaxLength=63
	// +optional
	Role string `json:"role,omitempty"`
	// +kubebuilder:validation:MaxLength=512
	// +optional
	User string `json:"user,omitempty"`
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Group string `json:"group,omitempty"`
	// +kubebuilder:validation:MaxItems=64
	// +listType=set
	// +optional
	Models []string `json:"models,omitempty"`
}

// Share limits one tenant of the organization.
type Share struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Tenant string `json:"tenant"`
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Limits []Limit `json:"limits,omitempty"`
}

// OrganizationSettingsList is a list of settings.
// +kubebuilder:object:root=true
type OrganizationSettingsList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []OrganizationSettings `json:"items"`
}
