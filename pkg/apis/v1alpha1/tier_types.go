package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Tier is a default set of limits that the platform sells or gives.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster
// +kubebuilder:printcolumn:name="Rank",type=integer,JSONPath=`.spec.rank`
// +kubebuilder:printcolumn:name="Sessions",type=string,JSONPath=`.spec.limits[?(@.dimension=="sessions")].amount`
// +kubebuilder:printcolumn:name="CPU",type=string,JSONPath=`.spec.limits[?(@.dimension=="cpu")].amount`
// +kubebuilder:printcolumn:name="Memory",type=string,JSONPath=`.spec.limits[?(@.dimension=="memory")].amount`
// +kubebuilder:printcolumn:name="GPUs",type=string,JSONPath=`.spec.limits[?(@.dimension=="gpu")].amount`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Tier struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec TierSpec `json:"spec"`
}

// TierSpec says what a tier gives.
type TierSpec struct {
	// rank orders tiers: a tier reaches what asks for a minTier of the same or a
	// lower rank.
	// +kubebuilder:validation:Minimum=0
	Rank int32 `json:"rank"`
	// +listType=map
	// +listMapKey=dimension
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Limits []Limit `json:"limits,omitempty"`
	// imageRepositories from which Pods of this tier may take images; a name that
	// ends in /* stands for every repository below it.
	// +kubebuilder:validation:MaxItems=64
	// +listType=set
	// +optional
	ImageRepositories []string `json:"imageRepositories,omitempty"`
}

// TierList is a list of tiers.
// +kubebuilder:object:root=true
type TierList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Tier `json:"items"`
}
