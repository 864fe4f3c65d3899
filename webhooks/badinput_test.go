package webhooks

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

func TestBadInput(t *testing.T) {
	const object = `"object":{"apiVersion":"v1","kind":"ConfigMap","metadata":{"name":"notes"}}`
	bodies := map[string]string{
		"empty":                   "",
		"white space":             " \n",
		"not JSON":                "hello",
		"null":                    "null",
		"a number":                "42",
		"a list":                  "[" + valid + "]",
		"an empty object":         "{}",
		"cut off":                 valid[:len(valid)-1],
		"something after it":      valid + "{}",
		"twice":                   valid + valid,
		"a Pod":                   `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a"}}`,
		"other version":           with(t, `"admission.k8s.io/v1"`, `"admission.k8s.io/v1beta1"`),
		"no version":              with(t, `"apiVersion":"admission.k8s.io/v1",`, ``),
		"other kind":              with(t, `"kind":"AdmissionReview"`, `"kind":"ConversionReview"`),
		"no kind":                 with(t, `"kind":"AdmissionReview",`, ``),
		"no request":              `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}`,
		"request null":            `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":null}`,
		"request empty":           `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":{}}`,
		"request a list":          `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":[]}`,
		"request a string":        `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","request":"{}"}`,
		"only a response":         `{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview","response":{"uid":"1","allowed":true}}`,
		"Request in capitals":     with(t, `"request":`, `"Request":`),
		"request twice":           with(t, `"request":{`, `"request":{},"request":{`),
		"no uid":                  with(t, `"uid":"705ab4f5",`, ``),
		"uid empty":               with(t, `"uid":"705ab4f5"`, `"uid":""`),
		"uid a number":            with(t, `"uid":"705ab4f5"`, `"uid":7`),
		"uid endless":             with(t, `705ab4f5`, strings.Repeat("7", maxUID+1)),
		"uid twice":               with(t, `"uid":"705ab4f5"`, `"uid":"705ab4f5","uid":"x"`),
		"operation empty":         with(t, `"operation":"CREATE"`, `"operation":""`),
		"no operation":            with(t, `"operation":"CREATE",`, ``),
		"operation in lower case": with(t, `"operation":"CREATE"`, `"operation":"create"`),
		"operation unknown":       with(t, `"operation":"CREATE"`, `"operation":"WATCH"`),
		"operation *":             with(t, `"operation":"CREATE"`, `"operation":"*"`),
		"kind missing":            with(t, `"kind":{"group":"","version":"v1","kind":"ConfigMap"},`, ``),
		"kind a string":           with(t, `"kind":{"group":"","version":"v1","kind":"ConfigMap"}`, `"kind":"ConfigMap"`),
		"kind without a name":     with(t, `"version":"v1","kind":"ConfigMap"}`, `"version":"v1"}`),
		"kind without a version":  with(t, `{"group":"","version":"v1","kind":"ConfigMap"}`, `{"group":"","kind":"ConfigMap"}`),
		"resource without a name": with(t, `"version":"v1","resource":"configmaps"}`, `"version":"v1"}`),
		"resource of no version":  with(t, `{"group":"","version":"v1","resource":"configmaps"}`, `{"group":"","resource":"configmaps"}`),
		"UPDATE without new":      strings.Replace(strings.Replace(with(t, `"operation":"CREATE"`, `"operation":"UPDATE"`), object, `"object":null`, 1), `"oldObject":null`, strings.Replace(object, `"object"`, `"oldObject"`, 1), 1),
		"resource missing":        with(t, `"resource":{"group":"","version":"v1","resource":"configmaps"},`, ``),
		"user a string":           with(t, `"userInfo":{"username":"local:alice","groups":["gatehouse:users"]}`, `"userInfo":"local:alice"`),
		"username twice":          with(t, `"username":"local:alice"`, `"username":"local:alice","username":"system:admin"`),
		"groups a string":         with(t, `["gatehouse:users"]`, `"gatehouse:users"`),
		"object null on CREATE":   with(t, object, `"object":null`),
		"object a string":         with(t, object, `"object":"x"`),
		"object a list":           with(t, object, `"object":[]`),
		"oldObject a number":      with(t, `"oldObject":null`, `"oldObject":1`),
		"options a list":          with(t, `"options":null`, `"options":[]`),
		"UPDATE without old":      with(t, `"operation":"CREATE"`, `"operation":"UPDATE"`),
		"dryRun a string":         with(t, `"dryRun":false`, `"dryRun":"false"`),
		"not UTF-8":               with(t, `"notes","namespace"`, "\"n\xff\",\"namespace\""),
		"very deep":               strings.Repeat(`{"request":`, 20000),
		"very deep lists":         with(t, object, `"object":{"a":`+strings.Repeat("[", 200000)+strings.Repeat("]", 200000)+`}`),
	}
	for name, d := range map[string]Decider{"allows": allows, "panics": panics} {
		for _, path := range []string{"/validate/tenant", "/mutate/guests"} {
			for title, body := range bodies {
				t.Run(name+path+"/"+title, func(t *testing.T) {
					r := newRig(t, d)
					rejected(t, r, r.post(path+"?timeout=5s", body), http.StatusBadRequest)
				})
			}
		}
	}
}

// rejected checks a refusal in one line that never reached the decider and let go of
// its bytes.
func rejected(t *testing.T, r *rig, response *http.Response, code int) {
	t.Helper()
	body := text(t, response)
	if response.StatusCode != code {
		t.Fatalf("status %d, want %d: %s", response.StatusCode, code, body)
	}
	if strings.Count(body, "\n") != 1 || len(body) < 5 || len(body) > 200 {
		t.Errorf("the reason is not one line: %q", body)
	}
	if got := response.Header.Get("Content-Type"); !strings.HasPrefix(got, "text/plain") {
		t.Errorf("content type %q", got)
	}
	if code == http.StatusServiceUnavailable != (response.Header.Get("Retry-After") == "1") {
		t.Errorf("Retry-After %q with %d", response.Header.Get("Retry-After"), code)
	}
	if got := len(r.log.all()); got != 0 {
		t.Errorf("%d decisions logged, want none", got)
	}
	if got := r.value(t, "gatehouse_admission_panics_total"); got != 0 {
		t.Error("the decider was asked")
	}
	if got := r.value(t, "gatehouse_admission_bytes_in_flight"); got != 0 {
		t.Errorf("%v bytes are still held", got)
	}
}

func TestBadRequests(t *testing.T) {
	tests := map[string]struct {
		method, path, contentType, encoding string
		code                                int
	}{
		"GET":                 {"GET", "/validate/tenant", "application/json", "", 405},
		"PUT":                 {"PUT", "/validate/tenant", "application/json", "", 405},
		"unknown path":        {"POST", "/validate/everything", "application/json", "", 404},
		"path with a slash":   {"POST", "/validate/tenant/", "application/json", "", 404},
		"path in capitals":    {"POST", "/Validate/Tenant", "application/json", "", 404},
		"root":                {"POST", "/", "application/json", "", 404},
		"no content type":     {"POST", "/validate/tenant", "", "", 400},
		"YAML":                {"POST", "/validate/tenant", "application/yaml", "", 400},
		"protobuf":            {"POST", "/validate/tenant", "application/vnd.kubernetes.protobuf", "", 400},
		"a list of types":     {"POST", "/validate/tenant", "application/json, text/plain", "", 400},
		"broken content type": {"POST", "/validate/tenant", ";;", "", 400},
		"compressed":          {"POST", "/validate/tenant", "application/json", "gzip", 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r := newRig(t, allows)
			request := httptest.NewRequest(test.method, test.path, strings.NewReader(valid))
			if test.contentType != "" {
				request.Header.Set("Content-Type", test.contentType)
			}
			if test.encoding != "" {
				request.Header.Set("Content-Encoding", test.encoding)
			}
			rejected(t, r, r.send(request), test.code)
		})
	}
}

func TestContentTypeWithParameters(t *testing.T) {
	r := newRig(t, allows)
	request := httptest.NewRequest(http.MethodPost, "/validate/tenant", strings.NewReader(valid))
	request.Header.Set("Content-Type", "Application/JSON; charset=utf-8")
	if got := answer(t, r.send(request)); !got.Allowed {
		t.Errorf("not allowed: %+v", got)
	}
}

func TestTooLarge(t *testing.T) {
	padded := func(size int) string { return valid + strings.Repeat(" ", size-len(valid)) }
	const limit = 64 << 10
	tests := map[string]struct {
		size   int
		length bool
		code   int
	}{
		"8 MiB with a length":            {8 << 20, true, 413},
		"8 MiB without a length":         {8 << 20, false, 413},
		"one byte more with a length":    {limit + 1, true, 413},
		"one byte more without":          {limit + 1, false, 413},
		"the limit with a length":        {limit, true, 200},
		"the limit without a length":     {limit, false, 200},
		"one byte less without a length": {limit - 1, false, 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			// The budget is exactly one body: it must not stand in the way.
			r := newRig(t, allows, func(o *Options) { o.MaxBodyBytes, o.BytesInFlight = limit, limit })
			request := httptest.NewRequest(http.MethodPost, "/validate/tenant", strings.NewReader(padded(test.size)))
			request.Header.Set("Content-Type", "application/json")
			if !test.length {
				request.Body, request.ContentLength = io.NopCloser(strings.NewReader(padded(test.size))), -1
			}
			response := r.send(request)
			if test.code == http.StatusOK {
				answer(t, response)
				return
			}
			if response.Header.Get("Connection") != "close" {
				t.Error("the connection stays open for the rest of the body")
			}
			rejected(t, r, response, test.code)
		})
	}
}

func TestLengthThatLies(t *testing.T) {
	r := newRig(t, allows)
	request := httptest.NewRequest(http.MethodPost, "/validate/tenant", nil)
	request.Header.Set("Content-Type", "application/json")
	request.Body, request.ContentLength = io.NopCloser(io.MultiReader(strings.NewReader(valid[:100]), broken{})), 4096
	rejected(t, r, r.send(request), http.StatusBadRequest)
}

// broken is a connection that ends in the middle of a body.
type broken struct{}

func (broken) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
