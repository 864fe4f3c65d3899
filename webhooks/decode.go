package webhooks

import (
	"bytes"
	"encoding/json"
	"net/http"
	"unicode/utf8"

	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
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

// envelope is an AdmissionReview with the request left as it was sent.
type envelope struct {
	APIVersion string          `json:"apiVersion"`
	Kind       string          `json:"kind"`
	Request    json.RawMessage `json:"request"`
}

// decode makes a Request out of a body, or says why it is none. Unknown fields pass: a
// newer API server may send them. Keys given twice do not: two readers could see two
// different requests.
func decode(body []byte, route Route) (review.Request, *rejection) {
	if !utf8.Valid(body) {
		return review.Request{}, malformed("the body is not UTF-8")
	}
	var e envelope
	if !strictly(body, &e) {
		return review.Request{}, malformed("the body is not an AdmissionReview")
	}
	if e.Kind != reviewKind || e.APIVersion != reviewVersion {
		return review.Request{}, malformed("the body is not an AdmissionReview of " + reviewVersion)
	}
	if !isObject(e.Request) {
		return review.Request{}, malformed("the review has no request")
	}
	var q admissionv1.AdmissionRequest
	if !strictly(e.Request, &q) {
		return review.Request{}, malformed("the request is not an AdmissionRequest")
	}
	if problem := check(&q); problem != "" {
		return review.Request{}, malformed(problem)
	}
	return review.Request{
		Phase: route.Phase, Entry: route.Entry,
		UID:         string(q.UID),
		Kind:        review.Kind{Group: q.Kind.Group, Version: q.Kind.Version, Kind: q.Kind.Kind},
		Resource:    review.Resource(schema.GroupVersionResource(q.Resource)),
		SubResource: q.SubResource,
		Name:        q.Name,
		Namespace:   q.Namespace,
		Operation:   review.Operation(q.Operation),
		Subject:     subject(q.UserInfo),
		Object:      q.Object.Raw,
		OldObject:   q.OldObject.Raw,
		Options:     q.Options.Raw,
		DryRun:      q.DryRun != nil && *q.DryRun,
		Raw:         e.Request,
	}, nil
}

// strictly reads one JSON value, keys by their exact case and none twice.
func strictly(data []byte, into any) bool {
	doubled, err := kjson.UnmarshalStrict(data, into, kjson.DisallowDuplicateFields)
	return err == nil && len(doubled) == 0
}

// check says what a request lacks that every real one has, "" if nothing.
func check(q *admissionv1.AdmissionRequest) string {
	switch {
	case q.UID == "":
		return "the request has no uid"
	case len(q.UID) > maxUID:
		return "the uid is too long"
	case q.Kind.Kind == "" || q.Kind.Version == "":
		return "the request names no kind"
	case q.Resource.Resource == "" || q.Resource.Version == "":
		return "the request names no resource"
	}
	for _, raw := range []json.RawMessage{q.Object.Raw, q.OldObject.Raw, q.Options.Raw} {
		if raw != nil && !isObject(raw) {
			return "object, oldObject and options must be JSON objects or null"
		}
	}
	switch q.Operation {
	case admissionv1.Create:
		if q.Object.Raw == nil {
			return "a CREATE without an object"
		}
	case admissionv1.Update:
		if q.Object.Raw == nil || q.OldObject.Raw == nil {
			return "an UPDATE without its two objects"
		}
	case admissionv1.Delete, admissionv1.Connect:
	case "":
		return "the request has no operation"
	default:
		return "the operation is none of CREATE, UPDATE, DELETE and CONNECT"
	}
	return ""
}

func isObject(raw json.RawMessage) bool {
	return bytes.HasPrefix(bytes.TrimLeft(raw, " \t\r\n"), []byte("{"))
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
