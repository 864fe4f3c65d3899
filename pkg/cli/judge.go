package cli

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

// judge tries writes on a platform, one after the other: it plays the API server
// between mutating and validating.
type judge struct {
	gate     *gate.Gate
	program  *engine.Program
	platform *platform
	subject  review.Subject
	prefix   string
	// namespace of objects that name none.
	namespace string

	serial int
	// asked is what the policies were asked last.
	asked *gate.Asked
}

// judged is what became of one object.
type judged struct {
	Object string `json:"object"`
	// File and Line are where it was read.
	File    string   `json:"file"`
	Line    int      `json:"line"`
	Outcome string   `json:"outcome"` // allowed, denied, error or retry
	Rules   []string `json:"rules"`
	// Message is what kubectl would show.
	Message  string   `json:"message,omitempty"`
	Warnings []string `json:"warnings,omitempty"`

	Caller caller         `json:"caller"`
	Sets   []review.Patch `json:"sets,omitempty"`

	kind    review.Kind
	verdict review.Verdict
	home    string
	// asked is what the policies were asked, nil where they were not.
	asked *gate.Asked
}

// caller is who the write counts as.
type caller struct {
	Actor    string `json:"actor"`
	Author   string `json:"author,omitempty"`
	Class    string `json:"class"`
	Role     string `json:"role,omitempty"`
	Relation string `json:"relation,omitempty"`
}

// create tries to create one object, which keeps what mutating sets.
func (j *judge) create(ctx context.Context, obj *unstructured.Unstructured) (judged, error) {
	j.serial++
	j.asked = nil
	gvk := obj.GroupVersionKind()
	kind := kindOf(obj.GetAPIVersion(), obj.GetKind())
	if clusterScoped[gvk.Group+"/"+gvk.Kind] {
		obj.SetNamespace("")
	} else if obj.GetNamespace() == "" {
		obj.SetNamespace(j.namespace)
	}
	obj.SetUID("")
	r := review.Request{
		Phase: review.Mutating, Entry: entryOf(kind, obj.GetNamespace(), j.prefix), UID: fmt.Sprintf("check-%d", j.serial),
		Kind: kind, Resource: resourceOf(kind), Name: obj.GetName(), Namespace: obj.GetNamespace(),
		Operation: review.Create, Subject: j.subject, DryRun: false,
	}
	out := judged{Object: bindingOf(obj).String(), Rules: []string{}, kind: kind, home: obj.GetNamespace()}
	v, err := j.ask(ctx, &r, obj)
	if err != nil {
		return out, err
	}
	out.Warnings = v.Warnings
	if v.Outcome == review.Allowed {
		out.Sets = v.Patches
		if err := j.patch(obj, v.Patches); err != nil {
			return out, err
		}
		if obj.GetName() == "" {
			obj.SetName(obj.GetGenerateName() + "xxxxx")
		}
		obj.SetUID(types.UID(fmt.Sprintf("made-%d", j.serial)))
		r.Phase, r.Name = review.Validating, obj.GetName()
		if v, err = j.ask(ctx, &r, obj); err != nil {
			return out, err
		}
		out.Warnings = append(out.Warnings, v.Warnings...)
	}
	out.tell(v)
	out.asked = j.asked
	return out, nil
}

func (j *judge) ask(ctx context.Context, r *review.Request, obj *unstructured.Unstructured) (review.Verdict, error) {
	raw, err := json.Marshal(obj.Object)
	if err != nil {
		return review.Verdict{}, fmt.Errorf("%s: %w", bindingOf(obj), err)
	}
	r.Object = raw
	return j.gate.Handle(ctx, *r), nil
}

func (j *judge) patch(obj *unstructured.Unstructured, patches []review.Patch) error {
	if len(patches) == 0 {
		return nil
	}
	name := bindingOf(obj)
	rawPatch, err := json.Marshal(patches)
	if err != nil {
		return fmt.Errorf("%s: the gate's patch: %w", name, err)
	}
	patch, err := jsonpatch.DecodePatch(rawPatch)
	if err != nil {
		return fmt.Errorf("%s: the gate's patch: %w", name, err)
	}
	raw, err := json.Marshal(obj.Object)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	if raw, err = patch.Apply(raw); err != nil {
		return fmt.Errorf("%s: the gate's patch: %w", name, err)
	}
	obj.Object = nil
	return json.Unmarshal(raw, &obj.Object)
}

// tell takes over the last verdict.
func (o *judged) tell(v review.Verdict) {
	o.verdict, o.Outcome = v, v.Outcome.String()
	o.Caller = caller{v.Trace.Actor, v.Trace.Author, v.Trace.Class, v.Trace.Role, v.Trace.Relation}
	switch v.Outcome {
	case review.Denied:
		o.Rules, o.Message = v.Rules(), v.Message()
	case review.Broken, review.Retry:
		o.Message = v.Reason
	}
}
