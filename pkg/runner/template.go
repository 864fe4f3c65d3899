package runner

import (
	"encoding/json"
	"fmt"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
)

// Pods gives the Pod template of a session for the decision over it; nil where something
// else runs the sessions, and nobody knows what theirs will be.
func Pods(c config.Sessions) func(session []byte) ([]byte, error) {
	if !c.Enabled {
		return nil
	}
	return func(session []byte) ([]byte, error) { return Template(session, c) }
}

// Template gives the Pod template, in JSON, of the Job that a session given in JSON will
// have. How long it may run has no part in it: the time asked for stands in.
func Template(session []byte, c config.Sessions) ([]byte, error) {
	var s researchv1.ResearchSession
	if err := json.Unmarshal(session, &s); err != nil {
		return nil, fmt.Errorf("session: %w", err)
	}
	raw, err := json.Marshal(New(&s, s.Spec.Timeout, c).Spec.Template)
	if err != nil {
		return nil, fmt.Errorf("session %s/%s: %w", s.Namespace, s.Name, err)
	}
	return raw, nil
}
