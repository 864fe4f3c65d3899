package gate

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
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
// sees them all: [{path, metadata, spec, requests}].
func (g *Gate) expand(w *write, o object) ast.Value {
	kind := w.Kind.Group + "/" + w.Kind.Kind
	if w.isSession() && w.SubResource == "" && o.present() {
		return g.expandSession(w, o)
	}
	path, ok := templates[kind]
	if !ok {
		path, ok = g.PodTemplates[kind]
	}
	if !ok || !o.present() || (w.SubResource != "" && w.SubResource != "ephemeralcontainers" && w.SubResource != "resize") {
		return ast.NewArray()
	}
	if path == "" {
		return ast.NewArray(podTerm("", o))
	}
	var pods []*ast.Term
	templatesAt(o, "", strings.Split(path, "."), func(at string, pod object) {
		pods = append(pods, podTerm(at, pod))
	})
	return ast.NewArray(pods...)
}

// sessionTemplate is where a session's future Pods are, in messages.
const sessionTemplate = "job.spec.template"

// expandSession gives the Pods that a session will have. One that cannot be read has a
// Pod that cannot be judged, and so none that is allowed.
func (g *Gate) expandSession(w *write, o object) ast.Value {
	if g.SessionPods == nil {
		return ast.NewArray()
	}
	raw := w.Object
	if o.value == w.old.value {
		raw = w.OldObject
	}
	template, err := g.SessionPods(raw)
	if err == nil {
		var pod object
		if pod, err = decode(template); err == nil {
			return ast.NewArray(podTerm(sessionTemplate, pod))
		}
	}
	return ast.NewArray(podTerm(sessionTemplate, object{value: ast.NewObject()}))
}

// templatesAt visits what stands at a path, in each item where a part of it names a list.
func templatesAt(o object, at string, rest []string, visit func(at string, pod object)) {
	if !o.present() {
		return
	}
	if len(rest) == 0 {
		visit(at, o)
		return
	}
	name, each := strings.CutSuffix(rest[0], "[]")
	next := strings.TrimPrefix(at+"."+name, ".")
	value := o.at(name)
	if !each {
		templatesAt(object{value: value}, next, rest[1:], visit)
		return
	}
	items, ok := value.(*ast.Array)
	if !ok {
		return
	}
	for i := range items.Len() {
		templatesAt(object{value: items.Elem(i).Value}, fmt.Sprintf("%s[%d]", next, i), rest[1:], visit)
	}
}

func podTerm(path string, pod object) *ast.Term {
	return ast.NewTerm(podShape.of(ast.String(path), pod.at("metadata"), pod.at("spec"), requests(path, pod)))
}
