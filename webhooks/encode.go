package webhooks

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/review"
)

// Bounds of an answer. The API server cuts longer warnings itself.
const (
	maxWarnings = 16
	maxWarning  = 256
	maxReason   = 512
)

// encode renders the answer to a verdict and returns the verdict that the answer
// really gives: one that cannot be rendered becomes a failure of ours. A Retry has no
// body.
func encode(r review.Request, v review.Verdict, limit int64) (review.Verdict, []byte) {
	v = settled(v)
	response := admissionv1.AdmissionResponse{UID: types.UID(r.UID)}
	if v.Outcome == review.Allowed && len(v.Patches) > 0 {
		patch, err := encodePatch(r.Phase, v.Patches, limit)
		if err != nil {
			v = review.Fail(v.Trace, err.Error())
		} else {
			kind := admissionv1.PatchTypeJSONPatch
			response.Patch, response.PatchType = patch, &kind
		}
	}
	switch v.Outcome {
	case review.Allowed:
		response.Allowed = true
	case review.Retry:
		return v, nil
	case review.Broken:
		text := "internal error: " + audit.Clean(v.Reason, maxReason)
		if v.Trace.Correlation != "" {
			text += " [correlation=" + v.Trace.Correlation + "]"
		}
		response.Result = failure(http.StatusInternalServerError, metav1.StatusReasonInternalError, text)
	default:
		response.Result = failure(http.StatusForbidden, metav1.StatusReasonForbidden, audit.Redact(v.Message()))
	}
	response.Warnings = warnings(v.Warnings)
	body, err := render(response, annotations(v))
	if err != nil {
		// Every part is text by now; without a body the API server refuses the write.
		return review.Later(v.Trace, "the answer could not be written"), nil
	}
	return v, body
}

// Bounds of what frames a denial, in bytes; the rest of a message bounds itself.
const (
	maxTail = 64
	maxRule = 128
)

// settled makes an outcome that is none a denial, and keeps what frames every line of
// a message short and on its line: a correlation id may come from an object.
func settled(v review.Verdict) review.Verdict {
	v.Trace.Tier = audit.Clean(v.Trace.Tier, maxTail)
	v.Trace.Correlation = audit.Clean(v.Trace.Correlation, maxTail)
	denials := make([]review.Denial, 0, len(v.Denials))
	for _, d := range v.Denials {
		d.Rule = audit.Clean(d.Rule, maxRule)
		denials = append(denials, d)
	}
	v.Denials = denials
	switch v.Outcome {
	case review.Allowed, review.Broken, review.Retry:
	default:
		v.Outcome = review.Denied
	}
	return v
}

func failure(code int32, reason metav1.StatusReason, message string) *metav1.Status {
	return &metav1.Status{Status: metav1.StatusFailure, Code: code, Reason: reason, Message: message}
}

// operation is a JSON Patch operation on the wire. Its value is absent for remove and
// null for an add of null, which review.Patch cannot tell apart.
type operation struct {
	Op    string           `json:"op"`
	Path  string           `json:"path"`
	Value *json.RawMessage `json:"value,omitempty"`
}

// encodePatch renders patches. A patch in validating would be a call failure at the API
// server; here it is a bug that must show.
func encodePatch(phase review.Phase, patches []review.Patch, limit int64) ([]byte, error) {
	if phase != review.Mutating {
		return nil, fmt.Errorf("a patch in the %s phase", phase)
	}
	operations := make([]operation, 0, len(patches))
	for _, p := range patches {
		out := operation{Op: p.Op, Path: p.Path}
		if !strings.HasPrefix(p.Path, "/") {
			return nil, fmt.Errorf("a patch of path %s", review.Quote(p.Path))
		}
		switch p.Op {
		case "remove":
		case "add", "replace":
			value, err := json.Marshal(p.Value)
			if err != nil {
				return nil, fmt.Errorf("the patch of %s is not JSON", review.Quote(p.Path))
			}
			out.Value = (*json.RawMessage)(&value)
		default:
			return nil, fmt.Errorf("a patch with operation %s", review.Quote(p.Op))
		}
		operations = append(operations, out)
	}
	patch, err := json.Marshal(operations)
	if err != nil {
		return nil, fmt.Errorf("the patch is not JSON")
	}
	if int64(len(patch)) > limit {
		return nil, fmt.Errorf("the patch is larger than %d bytes", limit)
	}
	return patch, nil
}

// warnings bounds count and length and keeps each on its line.
func warnings(list []string) []string {
	var out []string
	for i, text := range list {
		if len(out) == maxWarnings-1 && len(list)-i > 1 {
			return append(out, fmt.Sprintf("and %d more warnings", len(list)-i))
		}
		if text = strings.TrimSpace(audit.Clean(text, maxWarning)); text != "" {
			out = append(out, text)
		}
	}
	return out
}
