package tenant

import "gatehouse.dev/gatehouse/pkg/review"

// kubeControllerPrefix begins the account of every kube-controller-manager controller
// that runs with credentials of its own.
const kubeControllerPrefix = serviceAccountPrefix + "kube-system:"

const scheduler = "system:kube-scheduler"

// The fields that several rows allow.
var (
	adoption  = []string{"/metadata/ownerReferences", "/metadata/finalizers"}
	claimWork = []string{"/spec/volumeName", "/spec/storageClassName", "/metadata/annotations", "/metadata/finalizers", "/metadata/ownerReferences"}
	created   = []review.Operation{review.Create}
	updated   = []review.Operation{review.Update}
	written   = []review.Operation{review.Create, review.Update}
	deleted   = []review.Operation{review.Delete}
)

func inherit(account, group, resource string, fields ...string) ControllerRule {
	return ControllerRule{Identity: kubeControllerPrefix + account, Group: group, Resource: resource, Operations: written, Mode: ModeInherit, Fields: append(append([]string{}, adoption...), fields...)}
}

func maintain(account, group, resource string, fields ...string) ControllerRule {
	return ControllerRule{Identity: kubeControllerPrefix + account, Group: group, Resource: resource, Operations: updated, Mode: ModeMaintain, Fields: fields}
}

func system(account, group, resource string, names ...string) ControllerRule {
	return ControllerRule{Identity: kubeControllerPrefix + account, Group: group, Resource: resource, Operations: written, Mode: ModeSystem, Fields: []string{"/"}, Names: names}
}

// BuiltinControllers are the rows for the controllers of Kubernetes itself, read from
// what each does in 1.37. Deletions, status and most of the garbage collector's writes
// never reach us (they are on the exemption list); the rows are here for the rest.
func BuiltinControllers() []ControllerRule {
	rows := []ControllerRule{
		inherit("deployment-controller", "apps", "replicasets", "/spec/replicas", "/spec/minReadySeconds", "/metadata/annotations", "/metadata/labels"),
		maintain("deployment-controller", "apps", "deployments", "/metadata/annotations"),
		inherit("replicaset-controller", "", "pods"),
		inherit("replication-controller", "", "pods"),
		inherit("statefulset-controller", "", "pods", "/metadata/labels", "/metadata/annotations", "/spec/volumes", "/spec/hostname", "/spec/subdomain"),
		inherit("statefulset-controller", "apps", "controllerrevisions", "/revision", "/metadata/labels"),
		system("statefulset-controller", "", "persistentvolumeclaims"),
		inherit("daemon-set-controller", "", "pods"),
		inherit("daemon-set-controller", "apps", "controllerrevisions", "/revision", "/metadata/labels"),
		inherit("job-controller", "", "pods", "/metadata/labels", "/metadata/annotations"),
		inherit("cronjob-controller", "batch", "jobs"),
		inherit("ephemeral-volume-controller", "", "persistentvolumeclaims"),
		inherit("resource-claim-controller", "resource.k8s.io", "resourceclaims"),
		maintain("horizontal-pod-autoscaler", "*", "*/scale", "/spec/replicas"),
		maintain("pvc-protection-controller", "", "persistentvolumeclaims", "/metadata/finalizers"),
		maintain("persistent-volume-binder", "", "persistentvolumeclaims", claimWork...),
		maintain("expand-controller", "", "persistentvolumeclaims", claimWork...),
		maintain("generic-garbage-collector", "*", "*", adoption...),
		maintain("ttl-after-finished-controller", "batch", "jobs", adoption...),
		maintain("tokens-controller", "", "secrets", "/data", "/metadata/annotations"),
		maintain("legacy-service-account-token-cleaner", "", "secrets", "/metadata/labels"),
		system("service-account-controller", "", "serviceaccounts", "default"),
		system("root-ca-cert-publisher", "", "configmaps", "kube-root-ca.crt"),
		system("endpoint-controller", "", "endpoints"),
		system("endpointslice-controller", "discovery.k8s.io", "endpointslices"),
		system("endpointslicemirroring-controller", "discovery.k8s.io", "endpointslices"),
		{Identity: scheduler, Group: "", Resource: "pods/binding", Operations: created, Mode: ModeMaintain},
		{Identity: scheduler, Group: "", Resource: "bindings", Operations: created, Mode: ModeMaintain},
		{Identity: scheduler, Group: "", Resource: "pods/status", Operations: updated, Mode: ModeMaintain, Fields: []string{"/status"}},
		{Identity: scheduler, Group: "", Resource: "pods", Operations: deleted, Mode: ModeMaintain},
		{Identity: scheduler, Group: "", Resource: "persistentvolumeclaims", Operations: updated, Mode: ModeMaintain, Fields: claimWork},
		{Identity: scheduler, Group: "resource.k8s.io", Resource: "resourceclaims/status", Operations: updated, Mode: ModeMaintain, Fields: []string{"/status", "/metadata/finalizers"}},
		{Identity: scheduler, Group: "resource.k8s.io", Resource: "resourceclaims", Operations: written, Mode: ModeInherit, Fields: adoption},
		{Identity: AnyIdentity, Group: "", Resource: "events", Operations: written, Mode: ModeSystem, Fields: []string{"/"}},
		{Identity: AnyIdentity, Group: "events.k8s.io", Resource: "events", Operations: written, Mode: ModeSystem, Fields: []string{"/"}},
	}
	for _, account := range []string{
		"attachdetach-controller", "clusterrole-aggregation-controller", "disruption-controller",
		"namespace-controller", "node-controller", "pod-garbage-collector", "pv-protection-controller",
		"resourcequota-controller", "taint-eviction-controller", "device-taint-eviction-controller",
		"ttl-controller", "service-controller", "route-controller", "certificate-controller",
		"podcertificaterequestcleaner-controller", "service-cidrs-controller", "selinux-warning-controller",
		"validatingadmissionpolicy-status-controller", "volumeattributesclass-protection-controller",
	} {
		rows = append(rows, maintain(account, "*", "*/status", "/status", "/metadata/finalizers"))
	}
	return append(rows,
		ControllerRule{Identity: AnyIdentity, Group: "*", Resource: "*/status", Operations: updated, Mode: ModeMaintain, Fields: []string{"/status", "/metadata/annotations/deployment.kubernetes.io~1revision"}},
		ControllerRule{Identity: kubeControllerPrefix + "generic-garbage-collector", Group: "*", Resource: "*", Operations: deleted, Mode: ModeMaintain},
		ControllerRule{Identity: kubeControllerPrefix + "namespace-controller", Group: "*", Resource: "*", Operations: deleted, Mode: ModeMaintain},
	)
}
