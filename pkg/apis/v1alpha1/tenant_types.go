package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// Tenant is one person's home: its name is the tenant id, its namespace is
// claude-runner-user-<name>.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Owner",type=string,JSONPath=`.spec.owner.user`
// +kubebuilder:printcolumn:name="Organization",type=string,JSONPath=`.spec.organization`
// +kubebuilder:printcolumn:name="Tier",type=string,JSONPath=`.spec.tier`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Reason",type=string,priority=1,JSONPath=`.status.conditions[?(@.type=="Ready")].message`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="self.metadata.name.size() <= 40 && self.metadata.name.matches('^[a-z0-9]([-a-z0-9]*[a-z0-9])?$')",message="a tenant's name is at most 40 characters of a-z, 0-9 and -"
type Tenant struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec TenantSpec `json:"spec"`
	// +optional
	Status TenantStatus `json:"status,omitempty"`
}

// TenantSpec is what the platform decided about the tenant. At onboarding the webhook
// fills in what the person left out.
type TenantSpec struct {
	Owner TenantOwner `json:"owner"`
	// organization names the Organization; individuals for people who belong to none.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Organization string `json:"organization"`
	// tier names the Tier.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=63
	Tier string `json:"tier"`
	// suspended denies create, connect, scale-up and spec changes; deletions go on.
	// +optional
	Suspended bool `json:"suspended,omitempty"`
	// limits are the platform's overrides of the tier's limits, by dimension.
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Limits []Limit `json:"limits,omitempty"`
}

// TenantOwner is who the tenant belongs to.
type TenantOwner struct {
	// user is the full username, <issuer alias>:<sub>, compared byte for byte.
	// +kubebuilder:validation:MinLength=3
	// +kubebuilder:validation:MaxLength=512
	// +kubebuilder:validation:XValidation:rule="self.contains(':') && !self.startsWith('system:') && !self.startsWith('gatehouse:')",message="owner.user is <issuer alias>:<sub>; the aliases system and gatehouse are reserved"
	User string `json:"user"`
}

// TenantStatus is what the provisioner made of the tenant.
type TenantStatus struct {
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// namespace is the tenant's namespace, namespaceUID the object that was created.
	// +optional
	Namespace string `json:"namespace,omitempty"`
	// +optional
	NamespaceUID types.UID `json:"namespaceUID,omitempty"`
	// owner is spec.owner.user as the namespace was last made for.
	// +optional
	Owner string `json:"owner,omitempty"`
	// formerOwners are the usernames of earlier owners: passports that name one count
	// as the present owner's.
	// +listType=set
	// +optional
	FormerOwners []string `json:"formerOwners,omitempty"`
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// TenantList is a list of tenants.
// +kubebuilder:object:root=true
type TenantList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Tenant `json:"items"`
}
