package v1alpha1

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
)

// Enforcement says what a rule's finding does.
// +kubebuilder:validation:Enum=deny;warn;audit;off
type Enforcement string

// What a rule's finding does: denies, warns the caller, is logged, or is not asked.
const (
	EnforcementDeny  Enforcement = "deny"
	EnforcementWarn  Enforcement = "warn"
	EnforcementAudit Enforcement = "audit"
	EnforcementOff   Enforcement = "off"
)

// Policy sets how a rule is enforced, or brings a rule of its own. It is platform-owned.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Cluster
// +kubebuilder:subresource:status
// +kubebuilder:printcolumn:name="Enforcement",type=string,JSONPath=`.spec.enforcement`
// +kubebuilder:printcolumn:name="Replicas",type=string,JSONPath=`.status.compiled`
// +kubebuilder:printcolumn:name="Decisions",type=integer,JSONPath=`.status.decisions`
// +kubebuilder:printcolumn:name="Denials",type=integer,JSONPath=`.status.denials`
// +kubebuilder:printcolumn:name="Audited",type=integer,JSONPath=`.status.audited`
// +kubebuilder:printcolumn:name="Ready",type=string,JSONPath=`.status.conditions[?(@.type=="Ready")].status`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="!has(self.spec.enforcement) || self.spec.enforcement == 'deny' || has(self.spec.reason)",message="an enforcement other than deny needs a reason"
type Policy struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	Spec PolicySpec `json:"spec"`
	// +optional
	Status PolicyStatus `json:"status,omitempty"`
}

// PolicySpec is a rule and how it is enforced.
type PolicySpec struct {
	// rego is the rule's source; absent for a built-in rule, which is named by the
	// object's name with a dot for the slash (isolation.tenant-membership).
	// +kubebuilder:validation:MaxLength=262144
	// +optional
	Rego string `json:"rego,omitempty"`
	// tests are Rego with rules named test_..., in the rule's own package. A Policy whose
	// tests fail is refused.
	// +kubebuilder:validation:MaxLength=262144
	// +optional
	Tests string `json:"tests,omitempty"`
	// parameters are the rule's input.parameters.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +optional
	Parameters *runtime.RawExtension `json:"parameters,omitempty"`
	// delegable names the parameters that organization admins may set.
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Delegable []string `json:"delegable,omitempty"`
	// bounds are JSON schemas, by name, that an organization's values of delegable
	// parameters must keep, as in {"limit": {"type": "integer", "maximum": 5}}.
	// +kubebuilder:pruning:PreserveUnknownFields
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:validation:Type=object
	// +optional
	Bounds map[string]runtime.RawExtension `json:"bounds,omitempty"`
	// match narrows what the rule itself says that it looks at.
	// +optional
	Match PolicyMatch `json:"match,omitempty"`
	// +kubebuilder:default=deny
	// +optional
	Enforcement Enforcement `json:"enforcement,omitempty"`
	// reason why the enforcement is not deny.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	// +optional
	Reason string `json:"reason,omitempty"`
	// +kubebuilder:validation:MaxItems=64
	// +listType=atomic
	// +optional
	Exemptions []Exemption `json:"exemptions,omitempty"`
}

// PolicyMatch says which writes a rule sees.
type PolicyMatch struct {
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Groups []string `json:"groups,omitempty"`
	// +listType=set
	// +kubebuilder:validation:MaxItems=64
	// +optional
	Kinds []string `json:"kinds,omitempty"`
	// +listType=set
	// +kubebuilder:validation:MaxItems=8
	// +optional
	Operations []string `json:"operations,omitempty"`
}

// Exemption lets one tenant past a rule until it expires.
type Exemption struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=40
	Tenant string `json:"tenant"`
	// owner who answers for the exemption.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	Owner   string      `json:"owner"`
	Expires metav1.Time `json:"expires"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=1024
	Reason string `json:"reason"`
}

// PolicyStatus says what became of the rule.
type PolicyStatus struct {
	// +optional
	ObservedGeneration int64 `json:"observedGeneration,omitempty"`
	// digest of the compiled set that holds this rule.
	// +optional
	Digest string `json:"digest,omitempty"`
	// compiled is on how many of the webhook's replicas this generation is in force, as
	// in 2/3.
	// +optional
	Compiled string `json:"compiled,omitempty"`
	// decisions counts how often the replicas that run asked the rule, since each
	// started; behind by up to half a minute.
	// +optional
	Decisions int64 `json:"decisions,omitempty"`
	// denials counts how often it denied, likewise.
	// +optional
	Denials int64 `json:"denials,omitempty"`
	// audited counts the writes that it would have denied: it is set to warn or to audit, or
	// the tenant is exempt; likewise.
	// +optional
	Audited int64 `json:"audited,omitempty"`
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// PolicyList is a list of policies.
// +kubebuilder:object:root=true
type PolicyList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []Policy `json:"items"`
}
