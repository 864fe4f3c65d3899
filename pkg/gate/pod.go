package gate

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
)

// podOf reads of a decoded Pod what decides how much it takes of a node (k8s.io/component-helpers/resource),
// and nothing else: to decode the bytes again as a whole cost a tenth of a review. False where
// one of these fields is of another type than a Pod's.
func podOf(v ast.Value) (*corev1.Pod, bool) {
	r := &podReader{}
	top := r.object(v)
	spec, status := r.at(top, "spec"), r.at(top, "status")
	pod := &corev1.Pod{}
	r.each(spec, "initContainers", func(c ast.Object) {
		pod.Spec.InitContainers = append(pod.Spec.InitContainers, r.container(c))
	})
	r.each(spec, "containers", func(c ast.Object) {
		pod.Spec.Containers = append(pod.Spec.Containers, r.container(c))
	})
	pod.Spec.Overhead = r.amounts(spec, "overhead")
	pod.Spec.Resources = r.requirements(spec)
	r.each(status, "conditions", func(c ast.Object) {
		pod.Status.Conditions = append(pod.Status.Conditions,
			corev1.PodCondition{Type: corev1.PodConditionType(r.text(c, "type")), Reason: r.text(c, "reason")})
	})
	r.each(status, "initContainerStatuses", func(c ast.Object) {
		pod.Status.InitContainerStatuses = append(pod.Status.InitContainerStatuses, r.status(c))
	})
	r.each(status, "containerStatuses", func(c ast.Object) {
		pod.Status.ContainerStatuses = append(pod.Status.ContainerStatuses, r.status(c))
	})
	return pod, !r.odd
}

// podReader reads fields of an object, null and absence as nothing, and remembers whether one
// was of another type.
type podReader struct{ odd bool }

func (r *podReader) container(c ast.Object) corev1.Container {
	out := corev1.Container{Name: r.text(c, "name")}
	if policy := r.text(c, "restartPolicy"); policy != "" {
		always := corev1.ContainerRestartPolicy(policy)
		out.RestartPolicy = &always
	}
	if asked := r.requirements(c); asked != nil {
		out.Resources = *asked
	}
	return out
}

func (r *podReader) status(c ast.Object) corev1.ContainerStatus {
	return corev1.ContainerStatus{Name: r.text(c, "name"), AllocatedResources: r.amounts(c, "allocatedResources"), Resources: r.requirements(c)}
}

func (r *podReader) requirements(o ast.Object) *corev1.ResourceRequirements {
	asked := r.at(o, "resources")
	if asked == nil {
		return nil
	}
	return &corev1.ResourceRequirements{Requests: r.amounts(asked, "requests"), Limits: r.amounts(asked, "limits")}
}

func (r *podReader) amounts(o ast.Object, key string) corev1.ResourceList {
	list := r.at(o, key)
	if list == nil {
		return nil
	}
	out := make(corev1.ResourceList, list.Len())
	list.Foreach(func(name, amount *ast.Term) {
		text, _ := name.Value.(ast.String)
		out[corev1.ResourceName(text)] = r.amount(amount.Value)
	})
	return out
}

func (r *podReader) amount(v ast.Value) resource.Quantity {
	var text string
	switch v := v.(type) {
	case ast.String:
		text = string(v)
	case ast.Number:
		text = string(v)
	case ast.Null:
		return resource.Quantity{}
	}
	amount, err := resource.ParseQuantity(strings.TrimSpace(text))
	r.odd = r.odd || err != nil
	return amount
}

func (r *podReader) at(o ast.Object, key string) ast.Object {
	return r.object(object{value: o}.at(key))
}

func (r *podReader) text(o ast.Object, key string) string {
	switch v := (object{value: o}).at(key).(type) {
	case ast.String:
		return string(v)
	case nil, ast.Null:
	default:
		r.odd = true
	}
	return ""
}

func (r *podReader) each(o ast.Object, key string, visit func(ast.Object)) {
	switch v := (object{value: o}).at(key).(type) {
	case *ast.Array:
		for i := range v.Len() {
			if item := r.object(v.Elem(i).Value); item != nil {
				visit(item)
			} else {
				// A null among them is a container too, an empty one.
				visit(ast.NewObject())
			}
		}
	case nil, ast.Null:
	default:
		r.odd = true
	}
}

func (r *podReader) object(v ast.Value) ast.Object {
	switch v := v.(type) {
	case ast.Object:
		return v
	case nil, ast.Null:
	default:
		r.odd = true
	}
	return nil
}
