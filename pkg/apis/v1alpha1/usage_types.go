package v1alpha1

import (
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// Usage is what a user may read about herself. One object a tenant namespace, named
// current, written only by the provisioner.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,path=usages,singular=usage
// +kubebuilder:printcolumn:name="User",type=string,JSONPath=`.status.user`
// +kubebuilder:printcolumn:name="Organization",type=string,JSONPath=`.status.organization`
// +kubebuilder:printcolumn:name="Tier",type=string,JSONPath=`.status.tier`
// +kubebuilder:printcolumn:name="Sessions",type=string,JSONPath=`.status.dimensions[?(@.dimension=="sessions")].used`
// +kubebuilder:printcolumn:name="Limit",type=string,JSONPath=`.status.dimensions[?(@.dimension=="sessions")].limit`
// +kubebuilder:printcolumn:name="Models",type=string,JSONPath=`.status.models`
// +kubebuilder:validation:XValidation:rule="self.metadata.name == 'current'",message="a namespace has one Usage, named current"
type Usage struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Status UsageStatus `json:"status,omitempty"`
}

// UsageStatus is the tenant's standing.
type UsageStatus struct {
	Tenant       string `json:"tenant,omitempty"`
	User         string `json:"user,omitempty"`
	Organization string `json:"organization,omitempty"`
	Role         string `json:"role,omitempty"`
	Tier         string `json:"tier,omitempty"`
	Suspended    bool   `json:"suspended,omitempty"`
	// models that the tenant may use.
	// +listType=set
	// +optional
	Models []string `json:"models,omitempty"`
	// +listType=map
	// +listMapKey=dimension
	// +optional
	Dimensions []UsageDimension `json:"dimensions,omitempty"`
}

// UsageDimension is one line of the account.
type UsageDimension struct {
	Dimension string `json:"dimension"`
	// used is settled, reserved is not yet confirmed.
	Used     resource.Quantity `json:"used"`
	Reserved resource.Quantity `json:"reserved"`
	// limit is a quantity or the word unlimited.
	Limit  string `json:"limit"`
	Window Window `json:"window,omitempty"`
	// +optional
	ResetsAt *metav1.Time `json:"resetsAt,omitempty"`
}

// UsageList is a list of usages.
// +kubebuilder:object:root=true
type UsageList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Usage `json:"items"`
}
