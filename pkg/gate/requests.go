package gate

import (
	"encoding/json"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	resourcehelper "k8s.io/component-helpers/resource"
)

// requests is what a Pod takes of a node, by resource, as the scheduler counts it: the
// larger of its init containers and of what runs at one time, with sidecars and overhead,
// and while a resize is on its way the larger of what it asks for and what it has. Null
// for templates, and for what cannot be read as a Pod.
func requests(path string, o object) ast.Value {
	if path != "" || o.raw == nil {
		return ast.Null{}
	}
	pod, ok := podOf(o.value)
	if !ok {
		return ast.Null{}
	}
	fillRequests(pod)
	amounts := resourcehelper.PodRequests(pod, resourcehelper.PodResourcesOptions{UseStatusResources: true})
	out := ast.NewObjectWithCapacity(len(amounts))
	for name, amount := range amounts {
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
	if whole, ok := amount.AsInt64(); ok {
		return ast.InternedTerm(whole).Value
	}
	exact := amount.DeepCopy()
	return ast.Number(json.Number(exact.AsDec().String()))
}
