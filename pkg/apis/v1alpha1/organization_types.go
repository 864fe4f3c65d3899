package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Organization is what the platform gives a group of tenants. It is platform-owned;
// what its admins decide stands in the OrganizationSettings of the same name.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster,shortName=org
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Display Name",type=string,JSONPath=`.spec.displayName`
// +kubebuilder:printcolumn:name="Tenants",type=integer,JSONPath=`.status.tenants`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40",message="an organization's name is at most 40 characters"
type Organization struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec OrganizationSpec `json:"spec"`
	// +optional
	Status OrganizationStatus `json:"status,omitempty"`
}

// OrganizationSpec is what the platform grants. An absent list grants nothing.
type OrganizationSpec struct {
	// +kubebuilder:validation:MaxLength=128
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// members are the users and groups that may onboard into this organization.
	// +kubebuilder:validation:MaxItems=512
	// +listType=atomic
	// +optional
	Members []Member `json:"members,omitempty"`
	// admins own the OrganizationSettings of the same name.
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Admins []Member `json:"admins,omitempty"`
	// tiers that tenants of this organization may have.
	// +kubebuilder:validation:MaxItems=16
	// +listType=set
	// +optional
	Tiers []string `json:"tiers,omitempty"`
	// models that the organization may hand out.
	// +kubebuilder:validation:MaxItems=64
	// +listType=map
	// +listMapKey=name
	// +optional
	Models []GrantedModel `json:"models,omitempty"`
	// +optional
	Limits OrganizationLimits `json:"limits,omitempty"`
	// suspended suspends every tenant of the organization.
	// +optional
	Suspended bool `json:"suspended,omitempty"`
}

// GrantedModel is one model that the platform grants an organization.
type GrantedModel struct {
	// name of the Model.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Name string `json:"name"`
	// minTier is the lowest tier that reaches the model; absent means every tier.
	// +kubebuilder:validation:MaxLength=63
	// +optional
	MinTier string `json:"minTier,omitempty"`
}

// OrganizationLimits bound the organization: total jointly over all its tenants,
// perTenant each of them.
type OrganizationLimits struct {
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Total []Limit `json:"total,omitempty"`
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=64
	// +optional
	PerTenant []Limit `json:"perTenant,omitempty"`
}

// OrganizationStatus is what the provisioner sees.
type OrganizationStatus struct {
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// tenants that belong to the organization.
	// +optional
	Tenants int32 `json:"tenants,omitempty"`
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// OrganizationList is a list of organizations.
// +kubebuilder:object:root=true
type OrganizationList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Organization `json:"items"`
}
