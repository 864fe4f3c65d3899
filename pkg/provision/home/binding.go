package home

import (
	"encoding/json"
	"fmt"
)

// binding is a RoleBinding or ClusterRoleBinding that always says who its subjects are.
// Server-side apply owns what is written: a list left out, because nobody is in it, would
// let others fill it.
type binding struct{ Object }

// MarshalJSON writes subjects even where there is none.
func (b *binding) MarshalJSON() ([]byte, error) {
	raw, err := json.Marshal(b.Object)
	if err != nil {
		return nil, fmt.Errorf("binding %s: %w", *b.GetName(), err)
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("binding %s: %w", *b.GetName(), err)
	}
	if _, said := fields["subjects"]; !said {
		fields["subjects"] = json.RawMessage("[]")
	}
	return json.Marshal(fields)
}

// UnmarshalJSON reads the API server's answer into the object.
func (b *binding) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, b.Object); err != nil {
		return fmt.Errorf("binding %s: %w", *b.GetName(), err)
	}
	return nil
}
