package v1alpha1

import "k8s.io/apimachinery/pkg/util/intstr"

// Unlimited is the amount that limits nothing. It must be written: a dimension that a
// rule demands and nobody limits is denied.
const Unlimited = "unlimited"

// Window says over which time an amount is counted.
// +kubebuilder:validation:Enum=none;day;month
type Window string

// The windows: what is live now, a calendar day, a calendar month.
const (
	WindowNone  Window = "none"
	WindowDay   Window = "day"
	WindowMonth Window = "month"
)

// OverLimit says what happens to a demand above the limit.
// +kubebuilder:validation:Enum=deny;queue
type OverLimit string

// What happens to a demand above the limit.
const (
	OverLimitDeny  OverLimit = "deny"
	OverLimitQueue OverLimit = "queue"
)

// Limit bounds one dimension.
type Limit struct {
	// dimension is what is counted, for example sessions, cpu, memory or gpu; a
	// policy's private dimensions are <policy>/<name>.
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=128
	// +kubebuilder:validation:Pattern=`^[a-z0-9]([-a-z0-9./]*[a-z0-9])?$`
	Dimension string `json:"dimension"`
	// amount is a quantity in the dimension's own unit (sessions: pieces, cpu: cores,
	// memory: bytes, gpu: devices), or the word unlimited.
	// +kubebuilder:validation:XIntOrString
	// +kubebuilder:validation:MaxLength=40
	// +kubebuilder:validation:XValidation:rule="type(self) == int ? self >= 0 : (self == 'unlimited' || (isQuantity(self) && sign(quantity(self)) >= 0))",message="amount must be a quantity of at least 0, or unlimited"
	Amount intstr.IntOrString `json:"amount"`
	// window over which the amount is counted; none counts what is live now.
	// +kubebuilder:default=none
	// +optional
	Window Window `json:"window,omitempty"`
	// overLimit says whether a demand above the limit is denied or queued.
	// +kubebuilder:default=deny
	// +optional
	OverLimit OverLimit `json:"overLimit,omitempty"`
}

// Member names one user or one group, as the API server knows them: <alias>:<sub> or
// <alias>:<group>.
// +kubebuilder:validation:XValidation:rule="has(self.user) != has(self.group)",message="exactly one of user and group must be set"
type Member struct {
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +optional
	User string `json:"user,omitempty"`
	// +kubebuilder:validation:MinLength=1
	// +kubebuilder:validation:MaxLength=512
	// +optional
	Group string `json:"group,omitempty"`
}
