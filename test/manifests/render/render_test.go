package render

import (
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apiextensionsv1 "k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

const root = "../../.."

func scheme(t *testing.T) *runtime.Scheme {
	t.Helper()
	s := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{
		admissionregistrationv1.AddToScheme, appsv1.AddToScheme, corev1.AddToScheme, flowcontrolv1.AddToScheme, networkingv1.AddToScheme,
		policyv1.AddToScheme, rbacv1.AddToScheme, apiextensionsv1.AddToScheme, researchv1.AddToScheme, v1alpha1.AddToScheme,
	} {
		if err := add(s); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// TestEveryFieldIsKnown: each object decodes into its Go type with no field left over.
func TestEveryFieldIsKnown(t *testing.T) {
	s := scheme(t)
	for _, dir := range []string{"config/default", "config/samples"} {
		objects, err := Kustomize(root, dir)
		if err != nil {
			t.Fatal(err)
		}
		if len(objects) < 12 {
			t.Errorf("%s has %d objects, want at least 12", dir, len(objects))
		}
		for _, o := range objects {
			typed, err := s.New(o.GroupVersionKind())
			if err != nil {
				t.Errorf("%s: %v", dir, err)
				continue
			}
			data, err := yaml.Marshal(o.Object)
			if err != nil {
				t.Fatal(err)
			}
			if err := yaml.UnmarshalStrict(data, typed); err != nil {
				t.Errorf("%s: %s %s: %v", dir, o.GetKind(), o.GetName(), err)
			}
		}
	}
}

// TestRights: no rule that we ship impersonates, escalates or uses a wildcard, and bind,
// token creation and Secrets are where they are meant to be.
func TestRights(t *testing.T) {
	objects, err := Kustomize(root, "config/rbac")
	if err != nil {
		t.Fatal(err)
	}
	roles := 0
	for _, o := range objects {
		if o.GetKind() != "ClusterRole" && o.GetKind() != "Role" {
			continue
		}
		roles++
		var role rbacv1.ClusterRole
		if err := runtime.DefaultUnstructuredConverter.FromUnstructured(o.Object, &role); err != nil {
			t.Fatal(err)
		}
		for _, rule := range role.Rules {
			for _, complaint := range complaints(o, rule) {
				t.Errorf("%s %s: %s in %v", o.GetKind(), o.GetName(), complaint, rule)
			}
		}
	}
	if roles < 8 {
		t.Errorf("saw %d roles, want at least 8", roles)
	}
}

func complaints(o *unstructured.Unstructured, rule rbacv1.PolicyRule) []string {
	var all []string
	words := strings.Join(append(append(append([]string{}, rule.APIGroups...), rule.Resources...), rule.Verbs...), " ")
	for _, forbidden := range []string{"*", "impersonate", "escalate", "serviceaccounts/", "secrets", "bind"} {
		if !strings.Contains(" "+words+" ", forbidden) {
			continue
		}
		name := o.GetName()
		switch {
		case forbidden == "*" && name == "gatehouse:webhook" && words == "constraints.gatekeeper.sh * get list watch",
			forbidden == "*" && name == "gatehouse:provisioner" && words == "constraints.gatekeeper.sh * get list":
			// Each template makes a kind of its own there, and nobody else does. Whoever judges
			// by them reads them.
		case forbidden == "serviceaccounts/" && name == "gatehouse:member":
		case forbidden == "secrets" && (o.GetKind() == "Role" || name == "gatehouse:member" || name == "gatehouse:deployer"):
		case forbidden == "bind" && (!strings.Contains(" "+words+" ", " bind ") || name == "gatehouse:provisioner" && len(rule.ResourceNames) > 0):
		default:
			all = append(all, forbidden)
		}
	}
	return all
}

func TestParse(t *testing.T) {
	objects, err := Parse([]byte("# nothing\n---\nkind: A\n---\n\n---\nkind: B\n"))
	if err != nil {
		t.Fatal(err)
	}
	if len(objects) != 2 || objects[1].GetKind() != "B" {
		t.Errorf("read %v", objects)
	}
	if _, err := Parse([]byte("a: [")); err == nil {
		t.Error("half a document was read")
	}
}
