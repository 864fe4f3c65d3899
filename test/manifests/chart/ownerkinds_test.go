package chart

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// TestOwnerKindsAreReadable: the webhook may read the owners that the configuration names,
// and where it names none there is no such role.
func TestOwnerKindsAreReadable(t *testing.T) {
	const role, binding = "rbac.authorization.k8s.io/v1 ClusterRole  gatehouse-webhook-owner-kinds", "rbac.authorization.k8s.io/v1 ClusterRoleBinding  gatehouse-webhook-owner-kinds"
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte(`configuration:
  ownerKinds:
    - {group: example.com, version: v1, kind: Widget}
    - {group: example.com, version: v1, kind: Mouse, resource: mice}
    - {version: v1, kind: ConfigMap}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	objects := template(t, "--values", values)
	verbs := []any{"get", "list", "watch"}
	want := []any{
		map[string]any{"apiGroups": []any{"example.com"}, "resources": []any{"widgets"}, "verbs": verbs},
		map[string]any{"apiGroups": []any{"example.com"}, "resources": []any{"mice"}, "verbs": verbs},
		map[string]any{"apiGroups": []any{""}, "resources": []any{"configmaps"}, "verbs": verbs},
	}
	if diff := cmp.Diff(want, objects[role]["rules"]); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	subject := []any{map[string]any{"kind": "ServiceAccount", "name": "gatehouse-webhook", "namespace": "claude-runner-system"}}
	if diff := cmp.Diff(subject, objects[binding]["subjects"]); diff != "" {
		t.Errorf("subjects (-want +got):\n%s", diff)
	}
	if objects := template(t); objects[role] != nil || objects[binding] != nil {
		t.Error("the role is there without a kind")
	}
}
