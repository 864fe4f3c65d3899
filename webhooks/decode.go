package webhooks

import (
	"bytes"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kjson "sigs.k8s.io/json"

	"gatehouse.dev/gatehouse/pkg/review"
)

// maxUID is the longest uid that is echoed, in bytes; the API server sends 36.
const maxUID = 128

var (
	reviewVersion = admissionv1.SchemeGroupVersion.String()
	reviewKind    = "AdmissionReview"
)

// decode makes a Request out of a body, or says why it is none. Unknown fields pass: a
// newer API server may send them. Keys given twice do not: two readers could see two
// different requests. The Request points into body.
func decode(body []byte, route Route) (review.Request, *rejection) {
	switch {
	case !utf8.Valid(body):
		return review.Request{}, malformed("the body is not UTF-8")
	case !json.Valid(body):
		return review.Request{}, malformed("the body is not JSON")
	}
	envelope, ok := split(body)
	if !ok {
		return review.Request{}, malformed("the body is not an AdmissionReview")
	}
	var version, kind string
	if !read(envelope, "apiVersion", &version) || !read(envelope, "kind", &kind) || version != reviewVersion || kind != reviewKind {
		return review.Request{}, malformed("the body is not an AdmissionReview of " + reviewVersion)
	}
	raw := envelope["request"]
	if !isObject(raw) {
		return review.Request{}, malformed("the review has no request")
	}
	members, ok := split(raw)
	if !ok {
		return review.Request{}, malformed("the request is not an AdmissionRequest")
	}
	r := review.Request{Phase: route.Phase, Entry: route.Entry, Raw: raw}
	if problem := fill(&r, members); problem != "" {
		return review.Request{}, malformed(problem)
	}
	if problem := check(r); problem != "" {
		return review.Request{}, malformed(problem)
	}
	return r, nil
}

// fill reads the members that a decision looks at, "" if all have their type.
func fill(r *review.Request, members map[string]json.RawMessage) string {
	var (
		kind     metav1.GroupVersionKind
		resource metav1.GroupVersionResource
		user     authenticationv1.UserInfo
	)
	for name, into := range map[string]any{
		"uid": &r.UID, "kind": &kind, "resource": &resource, "subResource": &r.SubResource,
		"name": &r.Name, "namespace": &r.Namespace, "operation": (*string)(&r.Operation),
		"userInfo": &user, "dryRun": &r.DryRun,
	} {
		if !read(members, name, into) {
			return "the request's " + name + " is not what an AdmissionRequest holds"
		}
	}
	for name, into := range map[string]*json.RawMessage{
		"object": &r.Object, "oldObject": &r.OldObject, "options": &r.Options,
	} {
		value, given := members[name]
		switch {
		case !given || string(value) == "null":
		case isObject(value):
			*into = value
		default:
			return "the request's " + name + " is neither an object nor null"
		}
	}
	r.Kind = review.Kind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind}
	r.Resource = review.Resource(schema.GroupVersionResource(resource))
	r.Subject = subject(user)
	return ""
}

// read decodes one member, keys by their exact case and none twice. An absent or null
// one leaves the zero value.
func read(members map[string]json.RawMessage, name string, into any) bool {
	value, given := members[name]
	if !given {
		return true
	}
	if text, ok := into.(*string); ok && len(value) > 1 && value[0] == '"' && !bytes.ContainsRune(value, '\\') {
		*text = string(value[1 : len(value)-1])
		return true
	}
	doubled, err := kjson.UnmarshalStrict(value, into, kjson.DisallowDuplicateFields)
	return err == nil && len(doubled) == 0
}

// check says what a request lacks that every real one has, "" if nothing.
func check(r review.Request) string {
	switch {
	case r.UID == "":
		return "the request has no uid"
	case len(r.UID) > maxUID:
		return "the uid is too long"
	case r.Kind.Kind == "" || r.Kind.Version == "":
		return "the request names no kind"
	case r.Resource.Resource == "" || r.Resource.Version == "":
		return "the request names no resource"
	}
	switch r.Operation {
	case review.Create:
		if r.Object == nil {
			return "a CREATE without an object"
		}
	case review.Update:
		if r.Object == nil || r.OldObject == nil {
			return "an UPDATE without its two objects"
		}
	case review.Delete, review.Connect:
	case "":
		return "the request has no operation"
	default:
		return "the operation is none of CREATE, UPDATE, DELETE and CONNECT"
	}
	return ""
}

func isObject(raw json.RawMessage) bool {
	return len(raw) > 0 && raw[0] == '{'
}

func subject(u authenticationv1.UserInfo) review.Subject {
	s := review.Subject{Username: u.Username, UID: u.UID, Groups: u.Groups}
	if len(u.Extra) > 0 {
		s.Extra = make(map[string][]string, len(u.Extra))
		for key, values := range u.Extra {
			s.Extra[key] = values
		}
	}
	return s
}

func malformed(text string) *rejection {
	return &rejection{http.StatusBadRequest, "malformed", text}
}
