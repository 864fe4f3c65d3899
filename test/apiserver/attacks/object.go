package attacks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// clone copies a manifest by way of JSON, as it will be sent.
func clone(object map[string]any) map[string]any {
	raw, err := json.Marshal(object)
	if err != nil {
		panic(err) // a manifest that was read from YAML
	}
	var out map[string]any
	if err := json.Unmarshal(raw, &out); err != nil {
		panic(err)
	}
	return out
}

// hostile lays an attack over an object.
func (a Attack) hostile(object map[string]any) (map[string]any, error) {
	out := clone(object)
	// In order, so that a list is there before its entries.
	for _, at := range sorted(a.Set) {
		if err := set(out, at, a.Set[at]); err != nil {
			return nil, err
		}
	}
	for _, at := range a.Unset {
		unset(out, at)
	}
	return out, nil
}

func sorted[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// steps are the keys of a JSON pointer.
func steps(pointer string) []string {
	parts := strings.Split(strings.TrimPrefix(pointer, "/"), "/")
	for i, p := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(p, "~1", "/"), "~0", "~")
	}
	return parts
}

// set puts a value at a JSON pointer, making the objects on the way; "-" adds to a list.
func set(object map[string]any, pointer string, value any) error {
	var at any = object
	put := func(any) {}
	keys := steps(pointer)
	for i, key := range keys {
		last := i == len(keys)-1
		switch here := at.(type) {
		case map[string]any:
			if last {
				here[key] = value
				return nil
			}
			if here[key] == nil {
				here[key] = empty(keys[i+1])
			}
			put, at = func(v any) { here[key] = v }, here[key]
		case []any:
			n, err := strconv.Atoi(key)
			if key == "-" || err == nil && n == len(here) {
				grown := append(slices.Clone(here), nil)
				put(grown)
				here, n = grown, len(grown)-1
				if !last {
					here[n] = empty(keys[i+1])
				}
			} else if err != nil || n < 0 || n > len(here) {
				return fmt.Errorf("%s: no entry %s", pointer, key)
			}
			if last {
				here[n] = value
				return nil
			}
			put, at = func(v any) { here[n] = v }, here[n]
		default:
			return fmt.Errorf("%s: nothing can stand below %s", pointer, key)
		}
	}
	return nil
}

func empty(next string) any {
	if _, err := strconv.Atoi(next); err == nil || next == "-" {
		return []any{}
	}
	return map[string]any{}
}

// unset removes what stands at a JSON pointer.
func unset(object map[string]any, pointer string) {
	keys := steps(pointer)
	for _, key := range keys[:len(keys)-1] {
		next, ok := object[key].(map[string]any)
		if !ok {
			return
		}
		object = next
	}
	delete(object, keys[len(keys)-1])
}

func text(object map[string]any, path ...string) string {
	var at any = object
	for _, key := range path {
		m, _ := at.(map[string]any)
		at = m[key]
	}
	s, _ := at.(string)
	return s
}

// Templates are the kinds that carry a Pod's template.
var Templates = []string{"Deployment", "Job", "CronJob", "StatefulSet", "DaemonSet", "ReplicaSet"}

// workload wraps a Pod into a kind that makes such Pods, and makes none yet.
func workload(kind string, pod map[string]any) map[string]any {
	labels := map[string]any{"app": "attack"}
	metadata := map[string]any{"labels": labels}
	given, _ := pod["metadata"].(map[string]any)
	if annotations := given["annotations"]; annotations != nil {
		metadata["annotations"] = annotations
	}
	spec, _ := clone(pod)["spec"].(map[string]any)
	template := map[string]any{"metadata": metadata, "spec": spec}
	out := map[string]any{"apiVersion": "apps/v1", "kind": kind, "metadata": map[string]any{"name": text(pod, "metadata", "name")}}
	selector := map[string]any{"matchLabels": labels}
	switch kind {
	case "Job", "CronJob":
		out["apiVersion"] = "batch/v1"
		spec["restartPolicy"] = "Never"
		job := map[string]any{"suspend": true, "template": template}
		if kind == "CronJob" {
			delete(job, "suspend")
			job = map[string]any{"suspend": true, "schedule": "0 0 1 1 *", "jobTemplate": map[string]any{"spec": job}}
		}
		out["spec"] = job
	case "DaemonSet":
		if spec["nodeSelector"] == nil {
			spec["nodeSelector"] = map[string]any{"no": "such-node"}
		}
		out["spec"] = map[string]any{"selector": selector, "template": template}
	case "StatefulSet":
		out["spec"] = map[string]any{"replicas": 0, "serviceName": "attack", "selector": selector, "template": template}
	default:
		out["spec"] = map[string]any{"replicas": 0, "selector": selector, "template": template}
	}
	return out
}
