package gate

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
	kjson "sigs.k8s.io/json"
)

// requests is what a Pod takes of a node, by resource, as the scheduler counts it: the
// larger of its init containers and of what runs at one time, with sidecars and overhead,
// and while a resize is on its way the larger of what it asks for and what it has. Null
// for templates, and for what cannot be read as a Pod.
func requests(path string, o object) ast.Value {
	if path != "" || o.raw == nil {
		return ast.Null{}
	}
	var pod corev1.Pod
	// By the exact case of keys, as the engine reads them: "Spec" is nobody's spec.
	if err := kjson.UnmarshalCaseSensitivePreserveInts(o.raw, &pod); err != nil {
		return ast.Null{}
	}
	fillRequests(&pod)
	out := ast.NewObject()
	for name, amount := range resourcehelper.PodRequests(&pod, resourcehelper.PodResourcesOptions{UseStatusResources: true}) {
		out.Insert(ast.StringTerm(string(name)), ast.NewTerm(number(amount)))
	}
	return out
}

// fillRequests does what the API server does before it asks us: a limit without a request
// is one.
func fillRequests(pod *corev1.Pod) {
	fill := func(r *corev1.ResourceRequirements) {
		for name, amount := range r.Limits {
			if _, asked := r.Requests[name]; asked {
				continue
			}
			if r.Requests == nil {
				r.Requests = corev1.ResourceList{}
			}
			r.Requests[name] = amount
		}
	}
	for _, list := range [][]corev1.Container{pod.Spec.InitContainers, pod.Spec.Containers} {
		for i := range list {
			fill(&list[i].Resources)
		}
	}
}

// number is a quantity as Rego counts: exact, without a suffix.
func number(amount resource.Quantity) ast.Value {
	exact := amount.DeepCopy()
	return ast.Number(json.Number(exact.AsDec().String()))
}
