package provision

import (
	"encoding/json"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

// holds reports whether all that is wanted is still what our last apply of the same wrote,
// so that another one would change nothing. The API server takes a field from us as soon as
// somebody else changes or removes it, if only for a moment, so who owns the fields says it
// all. An object that the cache keeps without its owners is never said to hold.
func holds(wanted []byte, live client.Object) bool {
	var want map[string]any
	if json.Unmarshal(wanted, &want) != nil {
		return false
	}
	for _, entry := range live.GetManagedFields() {
		if entry.Manager != fieldManager || entry.Operation != metav1.ManagedFieldsOperationApply || entry.Subresource != "" || entry.FieldsV1 == nil {
			continue
		}
		var owned map[string]any
		return json.Unmarshal(entry.FieldsV1.GetRawBytes(), &owned) == nil && owns(owned, said(want))
	}
	return false
}

// said leaves out what names an object: nobody owns that.
func said(want map[string]any) map[string]any {
	out := map[string]any{}
	for key, value := range want {
		if key != "apiVersion" && key != "kind" {
			out[key] = value
		}
	}
	if metadata, ok := out["metadata"].(map[string]any); ok {
		rest := map[string]any{}
		for key, value := range metadata {
			if key != "name" && key != "namespace" {
				rest[key] = value
			}
		}
		out["metadata"] = rest
	}
	return out
}

// owns reports whether each field is among those that are owned. Lists are none of what it
// is asked about, and count as not owned.
func owns(owned, fields map[string]any) bool {
	for key, value := range fields {
		below, found := owned["f:"+key].(map[string]any)
		switch value := value.(type) {
		case map[string]any:
			if !found || !owns(below, value) {
				return false
			}
		case []any:
			return false
		default:
			if !found {
				return false
			}
		}
	}
	return true
}
