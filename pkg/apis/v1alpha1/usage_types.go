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
// +kubebuilder:printcolumn:name="CPU",type=string,JSONPath=`.status.dimensions[?(@.dimension=="cpu")].used`
// +kubebuilder:printcolumn:name="Memory",type=string,JSONPath=`.status.dimensions[?(@.dimension=="memory")].used`
// +kubebuilder:printcolumn:name="GPUs",type=string,JSONPath=`.status.dimensions[?(@.dimension=="gpu")].used`
// +kubebuilder:printcolumn:name="Fullest",type=string,JSONPath=`.status.fullest`
// +kubebuilder:printcolumn:name="Models",priority=1,type=string,JSONPath=`.status.models`
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
	// fullest names the dimension of which the most is used, with its percent.
	// +optional
	Fullest string `json:"fullest,omitempty"`
	// +listType=map
	// +listMapKey=dimension
	// +optional
	Dimensions []UsageDimension `json:"dimensions,omitempty"`
}

// UsageDimension is one line of the account.
type UsageDimension struct {
	Dimension string `json:"dimension"`
	// unit that the amounts are in, such as cores, bytes, seconds or objects.
	// +optional
	Unit string `json:"unit,omitempty"`
	// used is settled, reserved is not yet confirmed.
	Used     resource.Quantity `json:"used"`
	Reserved resource.Quantity `json:"reserved"`
	// limit is a quantity or the word unlimited.
	Limit  string `json:"limit"`
	Window Window `json:"window,omitempty"`
	// source says where the limit comes from, for example tier standard.
	// +optional
	Source string `json:"source,omitempty"`
	// percent of the limit that is used and reserved; absent without a limit to compare
	// with.
	// +optional
	Percent *int32 `json:"percent,omitempty"`
	// windowStart is when the present window began.
	// +optional
	WindowStart *metav1.Time `json:"windowStart,omitempty"`
	// resetsAt is when the next one begins and the amount is nothing again.
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
