package home

import (
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	corev1ac "k8s.io/client-go/applyconfigurations/core/v1"
)

// bounds map a limit's dimension to the key of the ResourceQuota that stands behind it.
var bounds = map[string]corev1.ResourceName{
	"cpu":             corev1.ResourceRequestsCPU,
	"memory":          corev1.ResourceRequestsMemory,
	"gpu":             "requests.nvidia.com/gpu",
	"storage":         corev1.ResourceRequestsStorage,
	"pods":            corev1.ResourcePods,
	"claims":          corev1.ResourcePersistentVolumeClaims,
	"services":        corev1.ResourceServices,
	"secrets":         corev1.ResourceSecrets,
	"configmaps":      corev1.ResourceConfigMaps,
	"stored-sessions": SessionCount,
}

// always bounds what opens a namespace to the outside, whatever the tier.
var always = map[corev1.ResourceName]string{
	corev1.ResourceServicesNodePorts:     "0",
	corev1.ResourceServicesLoadBalancers: "0",
}

// unsaid bounds what a namespace can hold in etcd where no limit says it.
var unsaid = map[string]string{
	"pods":            "200",
	"services":        "50",
	"secrets":         "200",
	"configmaps":      "200",
	"claims":          "20",
	"storage":         "200Gi",
	"stored-sessions": "1000",
}

// SessionCount is the key that bounds how many sessions, running or over, are stored.
const SessionCount corev1.ResourceName = "count/researchsessions.research.example.com"

// Fenced gives the dimensions that nothing but the ResourceQuota counts, with its keys.
func Fenced() map[string]corev1.ResourceName {
	out := map[string]corev1.ResourceName{}
	for _, dimension := range []string{"services", "secrets", "configmaps", "stored-sessions"} {
		out[dimension] = bounds[dimension]
	}
	return out
}

// resourceQuota is the second fence, behind the ledger.
func resourceQuota(s Spec) Object {
	hard := corev1.ResourceList{}
	for key, amount := range always {
		hard[key] = resource.MustParse(amount)
	}
	for dimension, key := range bounds {
		limit, said := s.Limits[dimension]
		amount, counted := unsaid[dimension]
		switch {
		case key == SessionCount && !s.SessionsCounted, said && limit.Unlimited:
		case !said && counted:
			hard[key] = resource.MustParse(amount)
		default:
			hard[key] = limit.Amount
		}
	}
	return corev1ac.ResourceQuota(Name, s.Namespace).
		WithLabels(s.labels()).WithAnnotations(s.annotations()).
		WithSpec(corev1ac.ResourceQuotaSpec().WithHard(hard))
}

// Requests of a container that names none.
var (
	defaultCPU    = resource.MustParse("250m")
	defaultMemory = resource.MustParse("512Mi")
)

// limitRange gives a container that says nothing a request, which the quota asks for,
// and as its limit all that the tenant has: a lower one would refuse a container that
// requests more and names no limit.
func limitRange(s Spec) Object {
	request, limit := corev1.ResourceList{}, corev1.ResourceList{}
	for name, amount := range map[corev1.ResourceName]resource.Quantity{corev1.ResourceCPU: defaultCPU, corev1.ResourceMemory: defaultMemory} {
		request[name] = amount
		most, limited := s.Limits[string(name)]
		if !limited || most.Unlimited || most.Amount.Sign() <= 0 {
			continue
		}
		limit[name] = most.Amount
		if most.Amount.Cmp(amount) < 0 {
			request[name] = most.Amount
		}
	}
	item := corev1ac.LimitRangeItem().WithType(corev1.LimitTypeContainer).WithDefaultRequest(request)
	if len(limit) > 0 {
		item = item.WithDefault(limit)
	}
	return corev1ac.LimitRange(Name, s.Namespace).
		WithLabels(s.labels()).WithAnnotations(s.annotations()).
		WithSpec(corev1ac.LimitRangeSpec().WithLimits(item))
}
