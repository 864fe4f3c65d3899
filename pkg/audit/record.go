package audit

import (
	"time"

	"gatehouse.dev/gatehouse/pkg/review"
)

// Record is one decision as the log tells it. It holds names and reasons, never the
// contents of an object.
type Record struct {
	// Time is when the review arrived, Latency how long the decision took.
	Time    time.Time
	Latency time.Duration

	Phase   review.Phase
	Entry   review.Entry
	Outcome review.Outcome

	// UID names the round trip, DryRun a write that is not persisted.
	UID         string
	Operation   review.Operation
	Kind        review.Kind
	Resource    review.Resource
	SubResource string
	Namespace   string
	Name        string
	DryRun      bool

	// Username is who called, by the API server's word.
	Username string
	// Rules are those that denied, in order.
	Rules []string
	// Message is the text of a denial as the caller reads it; Reason says why we
	// could not decide.
	Message string
	Reason  string
	Trace   review.Trace
}

// NewRecord makes the record of a verdict.
func NewRecord(r review.Request, v review.Verdict, at time.Time, latency time.Duration) Record {
	rec := Record{
		Time: at, Latency: latency,
		Phase: r.Phase, Entry: r.Entry, Outcome: v.Outcome,
		UID: r.UID, Operation: r.Operation, Kind: r.Kind, Resource: r.Resource,
		SubResource: r.SubResource, Namespace: r.Namespace, Name: r.Name, DryRun: r.DryRun,
		Username: r.Subject.Username,
		Reason:   v.Reason,
		Trace:    v.Trace,
	}
	if v.Outcome.String() == review.Denied.String() {
		rec.Rules = v.Rules()
		rec.Message = v.Message()
	}
	return rec
}

// Wanted says whether the record belongs in the log: validating always, mutating only
// where it stopped the write.
func (r Record) Wanted() bool {
	return r.Phase != review.Mutating || r.Outcome != review.Allowed
}

// Sink takes records. It must be safe for concurrent use and never block for long.
type Sink interface {
	Record(Record)
}

// Discard is a Sink that keeps nothing.
type Discard struct{}

// Record drops the record.
func (Discard) Record(Record) {}
