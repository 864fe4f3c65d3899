package crd

import (
	"encoding/json"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

// kind is one whose objects the ledger counts.
type kind struct {
	gvk      schema.GroupVersionKind
	resource string
	object   func() client.Object
	list     func() client.ObjectList
}

// kinds are those that quota.Counts names.
var kinds = []kind{
	{researchv1.GroupVersion.WithKind("ResearchSession"), "researchsessions",
		func() client.Object { return &researchv1.ResearchSession{} }, func() client.ObjectList { return &researchv1.ResearchSessionList{} }},
	{corev1.SchemeGroupVersion.WithKind("Pod"), "pods",
		func() client.Object { return &corev1.Pod{} }, func() client.ObjectList { return &corev1.PodList{} }},
	{corev1.SchemeGroupVersion.WithKind("PersistentVolumeClaim"), "persistentvolumeclaims",
		func() client.Object { return &corev1.PersistentVolumeClaim{} }, func() client.ObjectList { return &corev1.PersistentVolumeClaimList{} }},
}

func (k kind) groupResource() string {
	return schema.GroupResource{Group: k.gvk.Group, Resource: k.resource}.String()
}

func kindOf(groupResource string) (kind, bool) {
	for _, k := range kinds {
		if k.groupResource() == groupResource {
			return k, true
		}
	}
	return kind{}, false
}

func (k kind) raw(o client.Object) (quota.Object, error) {
	o.GetObjectKind().SetGroupVersionKind(k.gvk)
	raw, err := json.Marshal(o)
	if err != nil {
		return quota.Object{}, fmt.Errorf("%s %s/%s: %w", k.gvk.Kind, o.GetNamespace(), o.GetName(), err)
	}
	return quota.Object{
		Group: k.gvk.Group, Version: k.gvk.Version, Kind: k.gvk.Kind, Resource: k.resource,
		Namespace: o.GetNamespace(), Name: o.GetName(), Raw: raw,
	}, nil
}

func (k kind) key(o client.Object) quota.Key {
	return quota.Key{GroupResource: k.groupResource(), Namespace: o.GetNamespace(), Name: o.GetName()}
}
