package webhooks

import (
	"encoding/json"
	"net/http"
	"unicode/utf8"

	admissionv1 "k8s.io/api/admission/v1"
	kjson "sigs.k8s.io/json"

	"gatehouse.dev/gatehouse/pkg/review"
)

// maxUID is the longest uid that is echoed, in bytes; the API server sends 36.
const maxUID = 128

const reviewKind = "AdmissionReview"

var reviewVersion = admissionv1.SchemeGroupVersion.String()

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
	var room [4 + 20]member
	envelope, ok := split(body, room[:0:4])
	if !ok {
		return review.Request{}, malformed("the body is not an AdmissionReview")
	}
	var version, kind string
	if !read(envelope, "apiVersion", &version) || !read(envelope, "kind", &kind) || version != reviewVersion || kind != reviewKind {
		return review.Request{}, malformed("the body is not an AdmissionReview of " + reviewVersion)
	}
	raw, _ := envelope.get("request")
	if !isObject(raw) {
		return review.Request{}, malformed("the review has no request")
	}
	request, ok := split(raw, room[4:4])
	if !ok {
		return review.Request{}, malformed("the request is not an AdmissionRequest")
	}
	r := review.Request{Phase: route.Phase, Entry: route.Entry, Raw: raw}
	if problem := fill(&r, request); problem != "" {
		return review.Request{}, malformed(problem)
	}
	if problem := check(r); problem != "" {
		return review.Request{}, malformed(problem)
	}
	return r, nil
}

// fill reads the members that a decision looks at, "" if all have their type.
func fill(r *review.Request, request members) string {
	for _, m := range [...]field{
		{"uid", &r.UID}, {"subResource", &r.SubResource}, {"name", &r.Name}, {"namespace", &r.Namespace},
		{"operation", (*string)(&r.Operation)}, {"dryRun", &r.DryRun},
		{"kind", fields{{"group", &r.Kind.Group}, {"version", &r.Kind.Version}, {"kind", &r.Kind.Kind}}},
		{"resource", fields{{"group", &r.Resource.Group}, {"version", &r.Resource.Version}, {"resource", &r.Resource.Resource}}},
		{"userInfo", fields{{"username", &r.Subject.Username}, {"uid", &r.Subject.UID}, {"groups", &r.Subject.Groups}, {"extra", &r.Subject.Extra}}},
	} {
		if !read(request, m.name, m.into) {
			return "the request's " + m.name + " is not what an AdmissionRequest holds"
		}
	}
	for _, m := range [...]struct {
		name string
		into *json.RawMessage
	}{{"object", &r.Object}, {"oldObject", &r.OldObject}, {"options", &r.Options}} {
		value, given := request.get(m.name)
		switch {
		case !given || string(value) == "null":
		case isObject(value):
			*m.into = value
		default:
			return "the request's " + m.name + " is neither an object nor null"
		}
	}
	return ""
}

// field is where a member goes: to a pointer, or to fields of its own. The standard library's
// way, through types, costs as much as reading the rest of a review.
type (
	field struct {
		name string
		into any
	}
	fields []field
)

// read decodes one member, keys by their exact case and none twice. An absent or null
// one leaves the zero value.
func read(from members, name string, into any) bool {
	value, given := from.get(name)
	if !given || string(value) == "null" {
		return true
	}
	switch into := into.(type) {
	case fields:
		var room [4]member
		inner, ok := split(value, room[:0])
		for _, f := range into {
			ok = ok && read(inner, f.name, f.into)
		}
		return ok
	case *string:
		if text, plain := plainText(value); plain {
			*into = text
			return true
		}
	case *bool:
		if string(value) == "true" || string(value) == "false" {
			*into = string(value) == "true"
			return true
		}
	case *[]string:
		if list, plain := plainList(value); plain {
			*into = list
			return true
		}
	case *map[string][]string:
		if lists, plain := plainLists(value); plain {
			*into = lists
			return true
		}
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

func malformed(text string) *rejection {
	return &rejection{http.StatusBadRequest, "malformed", text}
}
