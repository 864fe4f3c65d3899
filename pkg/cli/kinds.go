package cli

import (
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/review"
)

// clusterScoped are kinds that belong to no namespace, for files that are judged
// without an API server to ask.
var clusterScoped = map[string]bool{
	"/Namespace": true, "/Node": true, "/PersistentVolume": true,
	"rbac.authorization.k8s.io/ClusterRole": true, "rbac.authorization.k8s.io/ClusterRoleBinding": true,
	"storage.k8s.io/StorageClass": true, "storage.k8s.io/CSIDriver": true, "storage.k8s.io/VolumeAttachment": true,
	"scheduling.k8s.io/PriorityClass": true, "networking.k8s.io/IngressClass": true, "node.k8s.io/RuntimeClass": true,
	"apiextensions.k8s.io/CustomResourceDefinition": true, "apiregistration.k8s.io/APIService": true,
	"admissionregistration.k8s.io/ValidatingWebhookConfiguration":   true,
	"admissionregistration.k8s.io/MutatingWebhookConfiguration":     true,
	"admissionregistration.k8s.io/ValidatingAdmissionPolicy":        true,
	"admissionregistration.k8s.io/ValidatingAdmissionPolicyBinding": true,
	"certificates.k8s.io/CertificateSigningRequest":                 true,
	"flowcontrol.apiserver.k8s.io/FlowSchema":                       true,
	"flowcontrol.apiserver.k8s.io/PriorityLevelConfiguration":       true,
	v1alpha1.GroupVersion.Group + "/Tenant":                         true,
	v1alpha1.GroupVersion.Group + "/Organization":                   true,
	v1alpha1.GroupVersion.Group + "/OrganizationSettings":           true,
	v1alpha1.GroupVersion.Group + "/Tier":                           true,
	v1alpha1.GroupVersion.Group + "/Model":                          true,
	v1alpha1.GroupVersion.Group + "/Policy":                         true,
	v1alpha1.GroupVersion.Group + "/QuotaLedger":                    true,
}

func kindOf(apiVersion, kind string) review.Kind {
	gvk := schema.FromAPIVersionAndKind(apiVersion, kind)
	return review.Kind{Group: gvk.Group, Version: gvk.Version, Kind: gvk.Kind}
}

// resourceOf guesses the plural of a kind as the API server names it.
func resourceOf(k review.Kind) review.Resource {
	switch k.Kind {
	case "Endpoints", "OrganizationSettings":
		return review.Resource{Group: k.Group, Version: k.Version, Resource: strings.ToLower(k.Kind)}
	}
	plural, _ := meta.UnsafeGuessKindToResource(schema.GroupVersionKind{Group: k.Group, Version: k.Version, Kind: k.Kind})
	return review.Resource{Group: k.Group, Version: k.Version, Resource: plural.Resource}
}

// entryOf says which entry of the webhook configuration a write meets.
func entryOf(k review.Kind, namespace, prefix string) review.Entry {
	switch {
	case k.Group == "" && k.Kind == "Namespace":
		return review.EntryNamespaces
	case namespace != "" && strings.HasPrefix(namespace, prefix):
		return review.EntryTenant
	case k.Group == v1alpha1.GroupVersion.Group && namespace == "":
		return review.EntryPlatform
	}
	return review.EntryGuests
}
