package home

import (
	"encoding/json"
	"fmt"

	networkingv1ac "k8s.io/client-go/applyconfigurations/networking/v1"
)

// wall is the policy that lets nothing through. It says that its rules are none:
// server-side apply owns what is written, and a list left out would let others fill it.
type wall struct {
	*networkingv1ac.NetworkPolicyApplyConfiguration
}

// MarshalJSON writes ingress and egress though nothing is in them.
func (w *wall) MarshalJSON() ([]byte, error) {
	raw, err := json.Marshal(w.NetworkPolicyApplyConfiguration)
	if err != nil {
		return nil, fmt.Errorf("network policy %s: %w", *w.GetName(), err)
	}
	var fields map[string]any
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("network policy %s: %w", *w.GetName(), err)
	}
	spec, _ := fields["spec"].(map[string]any)
	for _, rules := range []string{"ingress", "egress"} {
		if spec[rules] == nil {
			spec[rules] = []any{}
		}
	}
	return json.Marshal(fields)
}
