package suite

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/open-policy-agent/opa/v1/ast"
	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// reviewOf makes a review of an object: of an AdmissionReview the one that it holds, of
// anything else one without operation and user, which nobody asked for.
func reviewOf(object map[string]any) (engine.ConstraintReview, error) {
	u := unstructured.Unstructured{Object: object}
	if u.GetKind() == "AdmissionReview" && u.GroupVersionKind().Group == admissionv1.GroupName {
		request, err := requestOf(object)
		if err != nil {
			return engine.ConstraintReview{}, fmt.Errorf("AdmissionReview: %w", err)
		}
		return wrap(request)
	}
	request, err := plainRequest(u)
	if err != nil {
		return engine.ConstraintReview{}, err
	}
	return wrap(request)
}

// plainRequest is the review of an object that no API server sent.
func plainRequest(u unstructured.Unstructured) (*admissionv1.AdmissionRequest, error) {
	gvk := u.GroupVersionKind()
	if gvk.Kind == "" {
		return nil, errors.New("the object has no kind")
	}
	raw, err := json.Marshal(u.Object)
	if err != nil {
		return nil, err
	}
	return &admissionv1.AdmissionRequest{
		Kind: metav1.GroupVersionKind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind},
		Name: u.GetName(), Namespace: u.GetNamespace(), Object: runtime.RawExtension{Raw: raw},
	}, nil
}

// requestOf reads an AdmissionReview as strictly as an API server writes it.
func requestOf(object map[string]any) (*admissionv1.AdmissionRequest, error) {
	var review admissionv1.AdmissionReview
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(object, &review, true); err != nil {
		return nil, err
	}
	r := review.Request
	switch {
	case r == nil:
		return nil, errors.New("it has no request")
	case r.Object.Raw == nil && r.OldObject.Raw == nil:
		return nil, errors.New("its request has neither object nor oldObject")
	case r.Operation == admissionv1.Delete && r.OldObject.Raw == nil:
		return nil, errors.New("it is a DELETE without oldObject")
	}
	for name, raw := range map[string][]byte{"object": r.Object.Raw, "oldObject": r.OldObject.Raw} {
		if raw == nil {
			continue
		}
		if err := new(unstructured.Unstructured).UnmarshalJSON(raw); err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if r.Operation == admissionv1.Delete {
		r.Object = r.OldObject
	}
	return r, nil
}

// wrap brings a request into the engine's form.
func wrap(request *admissionv1.AdmissionRequest) (engine.ConstraintReview, error) {
	raw, err := json.Marshal(struct {
		*admissionv1.AdmissionRequest
		NamespaceObject any `json:"namespaceObject"`
	}{request, nil})
	if err != nil {
		return engine.ConstraintReview{}, err
	}
	value, err := engine.ObjectValue(raw)
	if err != nil {
		return engine.ConstraintReview{}, err
	}
	out := engine.ConstraintReview{Review: value, Subject: gatekeeper.Subject{Namespace: request.Namespace}}
	for _, name := range []string{"object", "oldObject"} {
		found, err := value.Find(ast.Ref{ast.StringTerm(name)})
		if _, ok := found.(ast.Object); err == nil && ok {
			out.Subject.Objects = append(out.Subject.Objects, gatekeeper.ObjectOf(found))
		}
	}
	return out, nil
}
