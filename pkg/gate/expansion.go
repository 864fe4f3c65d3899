package gate

import (
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/review"
)

// templates says where each kind that makes Pods keeps their template; the empty path is
// the object itself.
var templates = map[string]string{
	"/Pod":                   "",
	"/PodTemplate":           "template",
	"/ReplicationController": "spec.template",
	"apps/ReplicaSet":        "spec.template",
	"apps/Deployment":        "spec.template",
	"apps/StatefulSet":       "spec.template",
	"apps/DaemonSet":         "spec.template",
	"batch/Job":              "spec.template",
	"batch/CronJob":          "spec.jobTemplate.spec.template",
}

// expand lists the Pods that an object is or will become, so that one rule about Pods
// sees them all: [{path, metadata, spec}].
func expand(kind review.Kind, subresource string, o object) ast.Value {
	path, ok := templates[kind.Group+"/"+kind.Kind]
	if !ok || !o.present() || (subresource != "" && subresource != "ephemeralcontainers" && subresource != "resize") {
		return ast.NewArray()
	}
	pod := o
	if path != "" {
		pod = object{value: o.at(strings.Split(path, ".")...)}
	}
	if !pod.present() {
		return ast.NewArray()
	}
	return ast.NewArray(ast.NewTerm(dict("path", ast.String(path), "metadata", orNull(pod.at("metadata")), "spec", orNull(pod.at("spec")))))
}

func orNull(v ast.Value) ast.Value {
	if v == nil {
		return ast.Null{}
	}
	return v
}
