package home

import (
	"encoding/json"
	"fmt"

	rbacv1ac "k8s.io/client-go/applyconfigurations/rbac/v1"
)

// roleBinding and clusterRoleBinding always say who their subjects are. Server-side apply
// owns what is written: a list left out, because nobody is in it, would let others fill it.
type (
	roleBinding struct {
		*rbacv1ac.RoleBindingApplyConfiguration
	}
	clusterRoleBinding struct {
		*rbacv1ac.ClusterRoleBindingApplyConfiguration
	}
)

// MarshalJSON writes subjects even where there is none.
func (b *roleBinding) MarshalJSON() ([]byte, error) {
	return withSubjects(b.RoleBindingApplyConfiguration)
}

// MarshalJSON writes subjects even where there is none.
func (b *clusterRoleBinding) MarshalJSON() ([]byte, error) {
	return withSubjects(b.ClusterRoleBindingApplyConfiguration)
}

func withSubjects(binding Object) ([]byte, error) {
	raw, err := json.Marshal(binding)
	if err != nil {
		return nil, fmt.Errorf("binding %s: %w", *binding.GetName(), err)
	}
	fields := map[string]json.RawMessage{}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return nil, fmt.Errorf("binding %s: %w", *binding.GetName(), err)
	}
	if _, said := fields["subjects"]; !said {
		fields["subjects"] = json.RawMessage("[]")
	}
	return json.Marshal(fields)
}
