package session

import (
	"testing"

	"sigs.k8s.io/controller-runtime/pkg/event"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// Messages of a conversation, of which each is an update, wake nobody.
func TestWhatMatters(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*researchv1.ResearchSession)
		want   bool
	}{
		"a message": {func(s *researchv1.ResearchSession) {
			s.Status.Messages = append(s.Status.Messages, researchv1.Message{Content: "more"})
			s.ResourceVersion, s.Generation = "8", 3
		}, false},
		"displayName":    {func(s *researchv1.ResearchSession) { s.Spec.DisplayName = "by the runner" }, false},
		"cost":           {func(s *researchv1.ResearchSession) { s.Status.Cost = new(float64) }, false},
		"the phase":      {func(s *researchv1.ResearchSession) { s.Status.Phase = researchv1.PhaseStopped }, true},
		"stopped":        {stopped, true},
		"the spec":       {full, true},
		"another object": {func(s *researchv1.ResearchSession) { s.UID = "session-2" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			cached := func(change ...func(*researchv1.ResearchSession)) *researchv1.ResearchSession {
				o, err := slimSession(inPhase("Running", change...))
				if err != nil {
					t.Fatal(err)
				}
				s := o.(*researchv1.ResearchSession)
				if s.Spec.Prompt != "" || s.Status.Messages != nil {
					t.Error("a conversation is kept in memory")
				}
				return s
			}
			if got := matters().Update(event.UpdateEvent{ObjectOld: cached(), ObjectNew: cached(c.change)}); got != c.want {
				t.Errorf("wakes the controller: %v, want %v", got, c.want)
			}
		})
	}
}
