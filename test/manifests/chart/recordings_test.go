package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gatehouse.dev/gatehouse/test/manifests/render"
)

// TestRecordings: the webhook's Pods have room for recordings, on a volume of one's choice.
func TestRecordings(t *testing.T) {
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte("webhook: {recordings: {emptyDir: null, persistentVolumeClaim: {claimName: kept}}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	claim := map[string]any{"name": "recordings", "persistentVolumeClaim": map[string]any{"claimName": "kept"}}
	room := map[string]any{"name": "recordings", "emptyDir": map[string]any{"sizeLimit": "512Mi"}}
	for name, tt := range map[string]struct {
		args []string
		want map[string]any
	}{"as it is": {nil, room}, "on a claim": {[]string{"--values", values}, claim}} {
		objects := template(t, tt.args...)
		volumes, _, err := unstructured.NestedSlice(objects["apps/v1 Deployment claude-runner-system gatehouse-webhook"], "spec", "template", "spec", "volumes")
		if err != nil {
			t.Fatal(err)
		}
		found := map[string]any{}
		for _, v := range volumes {
			if volume := v.(map[string]any); volume["name"] == "recordings" {
				found = volume
			}
		}
		if diff := cmp.Diff(tt.want, found); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	_, err := render.Tool(root, "helm", "template", "gatehouse", path, "--set", "webhook.recordings.hostPath.path=/")
	if err == nil || !strings.Contains(err.Error(), "values don't meet the specifications") {
		t.Errorf("a path of the node's: %v", err)
	}
}
