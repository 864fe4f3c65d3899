package v1alpha1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Model is one model that the platform can grant.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster
// +kubebuilder:printcolumn:name="Provider",type=string,JSONPath=`.spec.provider`
// +kubebuilder:printcolumn:name="Aliases",type=string,JSONPath=`.spec.aliases`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
type Model struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec ModelSpec `json:"spec"`
}

// ModelSpec says where a model is and under which other ids people ask for it.
type ModelSpec struct {
	// provider that serves the model.
	// +kubebuilder:validation:Enum=anthropic;vllm;openai
	Provider string `json:"provider"`
	// +kubebuilder:validation:MaxLength=128
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// aliases are other ids of the same model, the legacy ones among them.
	// +kubebuilder:validation:MaxItems=32
	// +kubebuilder:validation:items:MinLength=1
	// +kubebuilder:validation:items:MaxLength=128
	// +listType=set
	// +optional
	Aliases []string `json:"aliases,omitempty"`
	// retired models are denied to new sessions and tolerated on those that have them.
	// +optional
	Retired bool `json:"retired,omitempty"`
}

// ModelList is a list of models.
// +kubebuilder:object:root=true
type ModelList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Model `json:"items"`
}
