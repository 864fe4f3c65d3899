package v1

import metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

// Phase of a session.
// +kubebuilder:validation:Enum=Pending;Queued;Creating;Running;Completed;Failed;Stopped;Error
type Phase string

// The phases. Queued is ours, the others are Claude Runner's.
const (
	PhasePending   Phase = "Pending"
	PhaseQueued    Phase = "Queued"
	PhaseCreating  Phase = "Creating"
	PhaseRunning   Phase = "Running"
	PhaseCompleted Phase = "Completed"
	PhaseFailed    Phase = "Failed"
	PhaseStopped   Phase = "Stopped"
	PhaseError     Phase = "Error"
)

// Terminal reports whether a session in this phase is over and counts for no limit on
// concurrent sessions.
func (p Phase) Terminal() bool {
	switch p {
	case PhaseCompleted, PhaseFailed, PhaseStopped, PhaseError:
		return true
	}
	return false
}

// ResearchSession is one research run of an AI agent. It has no status subresource:
// Claude Runner's backend and runner write status through the main resource.
//
// +kubebuilder:object:root=true
// +kubebuilder:resource:scope=Namespaced,shortName=rs
// +kubebuilder:printcolumn:name="Phase",type=string,JSONPath=`.status.phase`
// +kubebuilder:printcolumn:name="Website",type=string,JSONPath=`.spec.websiteURL`
// +kubebuilder:printcolumn:name="Model",type=string,JSONPath=`.spec.llmSettings.model`
// +kubebuilder:printcolumn:name="Age",type=date,JSONPath=`.metadata.creationTimestamp`
// +kubebuilder:validation:XValidation:rule="oldSelf.hasValue() || self.metadata.name.size() <= 59",optionalOldSelf=true,message="a session's name is at most 59 characters: <name>-job must fit a label"
type ResearchSession struct {
	metav1.TypeMeta   `json:",inline"`
	metav1.ObjectMeta `json:"metadata,omitempty"`

	// +optional
	Spec ResearchSessionSpec `json:"spec,omitempty"`
	// +optional
	Status ResearchSessionStatus `json:"status,omitempty"`
}

// ResearchSessionSpec is what the person asks for.
type ResearchSessionSpec struct {
	Prompt     string `json:"prompt"`
	WebsiteURL string `json:"websiteURL"`
	// +optional
	DisplayName string `json:"displayName,omitempty"`
	// +optional
	LLMSettings *LLMSettings `json:"llmSettings,omitempty"`
	// timeout in seconds.
	// +kubebuilder:default=300
	// +optional
	Timeout int64 `json:"timeout,omitempty"`
	// stopped ends the session: its Job and Pods are deleted, then its phase is Stopped.
	// A session that has ended is not started again.
	// +optional
	Stopped *bool `json:"stopped,omitempty"`
}

// LLMSettings choose the model. Defaults apply only when the object is given.
type LLMSettings struct {
	// model is the name of a Model or one of its aliases.
	// +kubebuilder:default="claude-3-5-sonnet-20241022"
	// +optional
	Model string `json:"model,omitempty"`
	// +kubebuilder:validation:Type=number
	// +kubebuilder:validation:Schemaless
	// +kubebuilder:default=0.7
	// +optional
	Temperature *float64 `json:"temperature,omitempty"`
	// +kubebuilder:default=4000
	// +optional
	MaxTokens int64 `json:"maxTokens,omitempty"`
}

// ResearchSessionStatus is written by platform identities, and by the session's own
// runner for messages, finalOutput and displayName.
type ResearchSessionStatus struct {
	// +kubebuilder:default=Pending
	// +optional
	Phase Phase `json:"phase,omitempty"`
	// +optional
	Message string `json:"message,omitempty"`
	// +optional
	StartTime *metav1.Time `json:"startTime,omitempty"`
	// +optional
	CompletionTime *metav1.Time `json:"completionTime,omitempty"`
	// +optional
	JobName string `json:"jobName,omitempty"`
	// +optional
	FinalOutput string `json:"finalOutput,omitempty"`
	// cost in USD.
	// +kubebuilder:validation:Type=number
	// +kubebuilder:validation:Schemaless
	// +optional
	Cost *float64 `json:"cost,omitempty"`
	// +listType=atomic
	// +optional
	Messages []Message `json:"messages,omitempty"`
	// specHash is the hash of the spec that the session was started with, displayName and
	// stopped left out: without a status subresource the generation moves with every
	// status write.
	// +optional
	SpecHash string `json:"specHash,omitempty"`
	// +listType=map
	// +listMapKey=type
	// +optional
	Conditions []metav1.Condition `json:"conditions,omitempty"`
}

// Message is one step of the conversation.
type Message struct {
	// +optional
	Content string `json:"content,omitempty"`
	// +optional
	ToolUseID string `json:"tool_use_id,omitempty"`
	// +optional
	ToolUseName string `json:"tool_use_name,omitempty"`
	// tool_use_input is JSON in a string.
	// +optional
	ToolUseInput string `json:"tool_use_input,omitempty"`
	// +optional
	ToolUseIsError bool `json:"tool_use_is_error,omitempty"`
}

// Conditions of a session, each with its reason in words.
const (
	// ConditionStarted is True once one of the session's Pods has run. False says why
	// none has yet.
	ConditionStarted = "Started"
	// ConditionFinished is True once the session is over and says how it ended.
	ConditionFinished = "Finished"
	// ConditionSpecApplied is False when spec was changed after the start: the session
	// goes on with what it was started with.
	ConditionSpecApplied = "SpecApplied"
)

// ResearchSessionList is a list of sessions.
// +kubebuilder:object:root=true
type ResearchSessionList struct {
	metav1.TypeMeta `json:",inline"`
	metav1.ListMeta `json:"metadata,omitempty"`
	Items           []ResearchSession `json:"items"`
}
