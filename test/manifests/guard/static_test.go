package guard

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/serializer"
	kadmission "k8s.io/apiserver/pkg/admission"
	"k8s.io/apiserver/pkg/admission/plugin/policy/manifest/loader"
	"k8s.io/client-go/kubernetes/scheme"
)

// TestStaticGuardsLoad has the API server's own loader read the shipped file.
func TestStaticGuardsLoad(t *testing.T) {
	decoder := serializer.NewCodecFactory(scheme.Scheme, serializer.EnableStrict).UniversalDeserializer()
	policies, bindings, _, err := loader.LoadPolicyManifests("../../../config/static", decoder,
		accept[*admissionregistrationv1.ValidatingAdmissionPolicy], accept[*admissionregistrationv1.ValidatingAdmissionPolicyBinding],
		func(b *admissionregistrationv1.ValidatingAdmissionPolicyBinding) string { return b.Spec.PolicyName })
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]bool{}
	for _, g := range Static(sample) {
		want[g.Policy.Name] = true
	}
	got, bound := map[string]bool{}, map[string]bool{}
	for _, p := range policies {
		got[p.Name] = true
	}
	for _, b := range bindings {
		bound[b.Spec.PolicyName] = true
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("policies that the API server reads (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(want, bound); diff != "" {
		t.Errorf("policies that are bound (-want +got):\n%s", diff)
	}
}

// accept takes objects of one type.
func accept[T any](object runtime.Object) ([]T, error) {
	if typed, ok := object.(T); ok {
		return []T{typed}, nil
	}
	return nil, loader.ErrUnrecognizedType
}

func TestStaticGuards(t *testing.T) {
	const registration = "admissionregistration.k8s.io"
	guards := compile(t, Static(sample))
	ours := named("gatehouse-tenant-fences")
	for name, test := range map[string]struct {
		write write
		want  string
	}{
		"somebody changes a policy":      {write{user: "somebody", operation: kadmission.Update, resource: "validatingadmissionpolicies", name: "gatehouse-tenant-fences", object: ours, oldObject: ours}, "gatehouse-policies.static.k8s.io"},
		"somebody removes a binding":     {write{user: "somebody", operation: kadmission.Delete, resource: "validatingadmissionpolicybindings", name: "gatehouse-tenant-fences", oldObject: ours}, "gatehouse-policies.static.k8s.io"},
		"somebody removes all bindings":  {write{user: "somebody", operation: kadmission.Delete, resource: "validatingadmissionpolicybindings", oldObject: ours}, "gatehouse-policies.static.k8s.io"},
		"the provisioner changes one":    {write{user: sample.Provisioner(), operation: kadmission.Update, resource: "validatingadmissionpolicies", name: "gatehouse-x", object: named("gatehouse-x"), oldObject: named("gatehouse-x")}, "gatehouse-policies.static.k8s.io"},
		"an admin changes a policy":      {write{user: "admin", groups: []string{"system:masters"}, operation: kadmission.Update, resource: "validatingadmissionpolicies", name: "gatehouse-x", object: named("gatehouse-x"), oldObject: named("gatehouse-x")}, ""},
		"somebody changes another's":     {write{user: "somebody", operation: kadmission.Delete, resource: "validatingadmissionpolicies", name: "x", oldObject: named("x")}, ""},
		"somebody removes our webhooks":  {write{user: "somebody", operation: kadmission.Delete, resource: "validatingwebhookconfigurations", name: "gatehouse", oldObject: hook("", nil)}, "gatehouse-webhook-configurations.static.k8s.io"},
		"the provisioner sets caBundle":  {write{user: sample.Provisioner(), operation: kadmission.Update, resource: "validatingwebhookconfigurations", name: "gatehouse", object: hook("ca", nil), oldObject: hook("", nil)}, ""},
		"somebody makes another webhook": {write{user: "somebody", operation: kadmission.Create, resource: "validatingwebhookconfigurations", name: "x", object: named("x")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			test.write.group = registration
			var got []string
			for _, message := range denied(t, guards, test.write) {
				by, _, _ := strings.Cut(message, ":")
				got = append(got, by)
			}
			if diff := cmp.Diff(test.want, strings.Join(got, "+")); diff != "" {
				t.Errorf("denied by (-want +got):\n%s", diff)
			}
		})
	}
}
