package admission

// SharedController is the account that every controller of kube-controller-manager uses
// when it runs without --use-service-account-credentials.
const SharedController = "system:kube-controller-manager"

// GarbageCollector is the garbage collector's own account.
const GarbageCollector = "system:serviceaccount:kube-system:generic-garbage-collector"

// Controller is one controller of kube-controller-manager and why it may finish what is
// being taken down in a tenant's namespace. The names are those of Kubernetes 1.37's
// bootstrap policy and of the clients that kube-controller-manager makes.
type Controller struct {
	// Name of the service account in kube-system.
	Name string
	// Why says what of its work must go on.
	Why string
}

// Account is the controller's username.
func (c Controller) Account() string { return "system:serviceaccount:kube-system:" + c.Name }

// Controllers lists every account of kube-controller-manager.
func Controllers() []Controller {
	return []Controller{
		{"attachdetach-controller", "volumes of ended Pods are detached"},
		{"bootstrap-signer", "part of kube-controller-manager; touches no tenant"},
		{"certificate-controller", "status and cleaning of certificate requests"},
		{"clusterrole-aggregation-controller", "part of kube-controller-manager; touches no tenant"},
		{"cronjob-controller", "removes Jobs beyond the history, status"},
		{"daemon-set-controller", "removes Pods, status"},
		{"deployment-controller", "removes old ReplicaSets, status"},
		{"device-taint-eviction-controller", "removes Pods from tainted devices"},
		{"disruption-controller", "status of disruption budgets and Pods"},
		{"endpoint-controller", "removes Endpoints of removed Services"},
		{"endpointslice-controller", "removes slices of removed Services"},
		{"endpointslicemirroring-controller", "removes mirrored slices"},
		{"ephemeral-volume-controller", "status of claims of ephemeral volumes"},
		{"expand-controller", "status of growing claims"},
		{"generic-garbage-collector", "removes dependents of what was removed"},
		{"horizontal-pod-autoscaler", "status of autoscalers"},
		{"job-controller", "takes its finalizer off ended Pods, status, removes Pods"},
		{"kube-apiserver-serving-clustertrustbundle-publisher", "part of kube-controller-manager; touches no tenant"},
		{"legacy-service-account-token-cleaner", "removes unused token Secrets"},
		{"namespace-controller", "empties and finalizes namespaces that are being deleted"},
		{"node-controller", "marks and removes Pods of lost nodes"},
		{"persistent-volume-binder", "status of claims"},
		{"pod-garbage-collector", "removes ended and orphaned Pods"},
		{"podcertificaterequestcleaner", "removes old certificate requests of Pods"},
		{"podgroup-protection-controller", "takes its finalizer off"},
		{"pv-protection-controller", "takes its finalizer off"},
		{"pvc-protection-controller", "takes its finalizer off claims no longer used"},
		{"replicaset-controller", "removes Pods, status"},
		{"replication-controller", "removes Pods, status"},
		{"resource-claim-controller", "removes claims of ended Pods, finalizers, status"},
		{"resourcepoolstatusrequest-controller", "part of kube-controller-manager; touches no tenant"},
		{"resourcequota-controller", "status of quotas"},
		{"root-ca-cert-publisher", "part of kube-controller-manager"},
		{"route-controller", "part of kube-controller-manager; touches no tenant"},
		{"selinux-warning-controller", "part of kube-controller-manager; touches no tenant"},
		{"service-account-controller", "part of kube-controller-manager"},
		{"service-cidrs-controller", "takes its finalizer off, status"},
		{"service-controller", "takes its finalizer off load balancers, status"},
		{"statefulset-controller", "removes Pods and claims, status"},
		{"storage-version-garbage-collector", "part of kube-controller-manager; touches no tenant"},
		{"storage-version-migrator-controller", "status of migrations"},
		{"token-cleaner", "part of kube-controller-manager; touches no tenant"},
		{"ttl-after-finished-controller", "removes finished Jobs"},
		{"ttl-controller", "part of kube-controller-manager; touches no tenant"},
		{"validatingadmissionpolicy-status-controller", "status of policies"},
		{"volumeattributesclass-protection-controller", "takes its finalizer off"},
	}
}
