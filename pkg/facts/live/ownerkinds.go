package live

import (
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// OwnerKind is a kind whose objects own others, and the resource under which they are
// watched.
type OwnerKind struct {
	Kind     schema.GroupKind
	Resource schema.GroupVersionResource
}

// BuiltinOwnerKinds are the kinds of Kubernetes and our own that make Jobs and Pods.
func BuiltinOwnerKinds() []OwnerKind {
	kind := func(group, version, kind, resource string) OwnerKind {
		return OwnerKind{
			Kind:     schema.GroupKind{Group: group, Kind: kind},
			Resource: schema.GroupVersionResource{Group: group, Version: version, Resource: resource},
		}
	}
	return []OwnerKind{
		kind("apps", "v1", "Deployment", "deployments"),
		kind("apps", "v1", "ReplicaSet", "replicasets"),
		kind("apps", "v1", "StatefulSet", "statefulsets"),
		kind("apps", "v1", "DaemonSet", "daemonsets"),
		kind("batch", "v1", "Job", "jobs"),
		kind("batch", "v1", "CronJob", "cronjobs"),
		kind("", "v1", "ReplicationController", "replicationcontrollers"),
		kind("research.example.com", "v1", "ResearchSession", "researchsessions"),
	}
}
