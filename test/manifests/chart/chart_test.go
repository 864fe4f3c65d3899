package chart

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/test/manifests/render"
)

const (
	root = "../../.."
	path = "charts/gatehouse"
)

func helm(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := render.Tool(root, "helm", args...)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func template(t *testing.T, args ...string) map[string]map[string]any {
	t.Helper()
	objects, err := render.Parse(helm(t, append([]string{"template", "gatehouse", path, "--namespace", "claude-runner-system", "--kube-version", "1.37.2"}, args...)...))
	if err != nil {
		t.Fatal(err)
	}
	return index(t, objects)
}

// index names objects and makes them comparable: the configuration is compared as what it
// says, and what tells Helm to keep an object is Helm's alone.
func index(t *testing.T, objects []*unstructured.Unstructured) map[string]map[string]any {
	t.Helper()
	all := map[string]map[string]any{}
	for _, o := range objects {
		name := strings.Join([]string{o.GetAPIVersion(), o.GetKind(), o.GetNamespace(), o.GetName()}, " ")
		if _, ok := all[name]; ok {
			t.Errorf("%s is there twice", name)
		}
		annotations := o.GetAnnotations()
		delete(annotations, keep)
		if len(annotations) == 0 {
			annotations = nil
		}
		o.SetAnnotations(annotations)
		if text, ok, _ := unstructured.NestedString(o.Object, "data", "gatehouse.yaml"); ok {
			var said map[string]any
			if err := yaml.UnmarshalStrict([]byte(text), &said); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if err := unstructured.SetNestedField(o.Object, said, "data", "gatehouse.yaml"); err != nil {
				t.Fatal(err)
			}
		}
		all[name] = o.Object
	}
	return all
}

// TestChartIsKustomize: both install the same objects.
func TestChartIsKustomize(t *testing.T) {
	objects, err := render.Kustomize(root, "config/default")
	if err != nil {
		t.Fatal(err)
	}
	want := index(t, objects)
	if len(want) < 40 {
		t.Fatalf("config/default has %d objects, want at least 40", len(want))
	}
	if diff := cmp.Diff(want, template(t, "--set", "namespace.create=true")); diff != "" {
		t.Errorf("kustomize and chart differ (-kustomize +chart):\n%s", diff)
	}
}

func TestLint(t *testing.T) {
	t.Log(string(helm(t, "lint", "--strict", path, "--namespace", "claude-runner-system")))
}

// TestValues: what is set arrives where it belongs.
func TestValues(t *testing.T) {
	values := filepath.Join(t.TempDir(), "values.yaml")
	if err := os.WriteFile(values, []byte(`image: {repository: registry.example.com/gh, tag: v9}
crds: {install: false}
webhook: {replicas: 5, goMemoryLimit: 900MiB, resources: {limits: {memory: 1Gi}}}
configuration:
  issuers: [{alias: corp, primary: true}, {alias: partner}]
  platformAdmins: {groups: ["system:masters", "corp:platform"], users: ["corp:root"]}
`), 0o600); err != nil {
		t.Fatal(err)
	}
	objects := template(t, "--values", values)
	for name := range objects {
		if strings.Contains(name, "CustomResourceDefinition") || strings.HasPrefix(name, "v1 Namespace ") {
			t.Errorf("%s is there", name)
		}
	}
	deployment := &unstructured.Unstructured{Object: objects["apps/v1 Deployment claude-runner-system gatehouse-webhook"]}
	if got := deployment.Object["spec"].(map[string]any)["replicas"]; got != float64(5) {
		t.Errorf("replicas are %v, want 5", got)
	}
	containers, _, err := unstructured.NestedSlice(deployment.Object, "spec", "template", "spec", "containers")
	if err != nil {
		t.Fatal(err)
	}
	if got := containers[0].(map[string]any)["image"]; got != "registry.example.com/gh/webhook:v9" {
		t.Errorf("image is %v", got)
	}
	for name, want := range map[string][]string{
		"admissionregistration.k8s.io/v1 MutatingWebhookConfiguration  gatehouse":                     {`["corp:","partner:"].exists(`, `in ["system:masters","corp:platform"]`},
		"admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration  gatehouse":                   {`["corp:","partner:"].exists(`, `in ["system:masters","corp:platform"]`},
		"admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy  gatehouse-webhook-configurations": {`in ["system:masters","corp:platform"]`, `in ["corp:root"]`},
	} {
		text, err := yaml.Marshal(objects[name])
		if err != nil {
			t.Fatal(err)
		}
		for _, part := range want {
			if !strings.Contains(string(text), part) {
				t.Errorf("%s does not say %s", name, part)
			}
		}
	}
}

// TestSchema: values that cannot work are refused before anything is installed.
func TestSchema(t *testing.T) {
	for _, set := range []string{
		"configuration.systemNamespace=elsewhere",
		"configuration.tenantNamespacePrefix=user-",
		"configuration.issuers[0].alias=system",
		"webhook.replicas=0",
		"configuration.platformAdmins.users[0]=a'b",
		"unknown=1",
	} {
		t.Run(set, func(t *testing.T) {
			out, err := render.Tool(root, "helm", "template", "gatehouse", path, "--set", set)
			if err == nil {
				t.Errorf("rendered %d bytes", len(out))
			} else if !strings.Contains(err.Error(), "values don't meet the specifications") {
				t.Errorf("refused for another reason: %v", err)
			}
		})
	}
}
