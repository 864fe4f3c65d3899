package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"slices"
	"strings"
	"testing"

	admissionv1 "k8s.io/api/admission/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// honest is what stands in an odd object's place before an update.
var honest = map[string]string{
	"Pod":             `"spec":{"containers":[{"name":"c","image":"registry.k8s.io/pause"}]}`,
	"Deployment":      `"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":{"containers":[{"name":"c","image":"registry.k8s.io/pause"}]}}}`,
	"Service":         `"spec":{"ports":[{"port":80}]}`,
	"Ingress":         `"spec":{}`,
	"NetworkPolicy":   `"spec":{"podSelector":{}}`,
	"Role":            `"rules":[]`,
	"ResearchSession": `"spec":{"prompt":"p","websiteURL":"https://example.com"}`,
}

// TestOddInput sends every odd object through the handler and the gate behind it, as a
// create and as an update, each for real and dry: the rule that must deny does, nothing
// errs, and a dry run says the same.
func TestOddInput(t *testing.T) {
	handler, _, _ := webhook(t)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	ask := AskHTTP(server.Client(), server.URL)
	for i, odd := range Odds() {
		if Raced && i%4 != 0 {
			continue
		}
		t.Run(odd.Name, func(t *testing.T) {
			operations := []admissionv1.Operation{admissionv1.Create, admissionv1.Update}
			if len(odd.Text) > 100<<10 {
				operations = operations[:1] // they take their time
			}
			for _, operation := range operations {
				verdict := oddVerdict(t, ask, odd, operation, false)
				if verdict == late && !strings.Contains(odd.Name, ",000") {
					t.Errorf("%s is not decided in time", operation)
				}
				if dry := oddVerdict(t, ask, odd, operation, true); dry != verdict && dry != late && verdict != late {
					t.Errorf("%s is %s, and dry %s", operation, verdict, dry)
				}
				if odd.Denied != "" && verdict != late && !slices.Contains(strings.Split(verdict, " "), odd.Denied) {
					t.Errorf("%s is %q, want a denial by %s", operation, verdict, odd.Denied)
				}
			}
		})
	}
}

var denier = regexp.MustCompile(`^denied by ([a-z-]+/[a-z-]+): |^and [0-9]+ more denials`)

// late is the verdict where deciding took longer than the budget: a refusal too, and one
// that a busy machine may give on a thousand of anything.
const late = "out of time"

// oddVerdict is what comes of one write: allowed, refused, late, or the rules that deny.
func oddVerdict(t *testing.T, ask Ask, odd Odd, operation admissionv1.Operation, dry bool) string {
	t.Helper()
	gv, err := schema.ParseGroupVersion(odd.APIVersion)
	if err != nil {
		t.Fatal(err)
	}
	gvk := gv.WithKind(odd.Kind)
	r := &admissionv1.AdmissionRequest{
		UID: types.UID("odd"), Operation: operation, Namespace: prefix + "alice", Name: "odd", UserInfo: userInfo("alice"), DryRun: &dry,
		Kind:     metav1.GroupVersionKind(gvk),
		Resource: metav1.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: plural(gvk.Kind)},
		Object:   runtime.RawExtension{Raw: []byte(odd.Text)},
	}
	var named struct{ Metadata struct{ Name any } }
	if json.Unmarshal([]byte(odd.Text), &named) == nil {
		r.Name, _ = named.Metadata.Name.(string)
	}
	if operation == admissionv1.Update {
		before := fmt.Sprintf(`{"apiVersion":%q,"kind":%q,"metadata":{"name":"odd","uid":"1"}`, odd.APIVersion, odd.Kind)
		if rest := honest[odd.Kind]; rest != "" {
			before += "," + rest
		}
		r.OldObject = runtime.RawExtension{Raw: []byte(before + "}")}
	}
	for _, phase := range []string{"mutate", "validate"} {
		answer, err := ask(context.Background(), "/"+phase+"/tenant", r)
		if err != nil {
			for _, code := range []int{http.StatusBadRequest, http.StatusRequestEntityTooLarge} {
				if strings.Contains(err.Error(), fmt.Sprintf("answered HTTP %d:", code)) {
					return "refused"
				}
			}
			t.Fatalf("%s: %v", phase, err)
		}
		if !answer.Allowed {
			return deniers(t, answer)
		}
		object, err := patchedRaw(r.Object.Raw, answer.Patch)
		if err != nil {
			t.Fatalf("%s: the patch does not fit: %v", phase, err)
		}
		r.Object.Raw = object
	}
	return "allowed"
}

func deniers(t *testing.T, answer *admissionv1.AdmissionResponse) string {
	t.Helper()
	if answer.Result != nil && answer.Result.Code == http.StatusInternalServerError &&
		(strings.Contains(answer.Result.Message, "timed out") || strings.Contains(answer.Result.Message, "no decision within")) {
		return late
	}
	if answer.Result == nil || answer.Result.Code != http.StatusForbidden {
		t.Fatalf("not a decision: %+v", answer.Result)
	}
	var rules []string
	for line := range strings.Lines(answer.Result.Message) {
		by := denier.FindStringSubmatch(line)
		if by == nil {
			t.Fatalf("a line that nobody wrote: %q", line)
		}
		rules = append(rules, by[1])
	}
	slices.Sort(rules)
	return strings.Join(slices.Compact(rules), " ")
}

func patchedRaw(object, patch []byte) ([]byte, error) {
	if len(patch) == 0 {
		return object, nil
	}
	out, err := patched(object, patch)
	if err != nil {
		return nil, err
	}
	raw, err := json.Marshal(out)
	return raw, errors.Join(err)
}
