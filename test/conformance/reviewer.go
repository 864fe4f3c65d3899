package conformance

import (
	"context"
	"encoding/json"
	"fmt"

	jsonpatch "github.com/evanphx/json-patch/v5"
	admissionv1 "k8s.io/api/admission/v1"
	authenticationv1 "k8s.io/api/authentication/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/passport"
)

// Ask sends one AdmissionRequest to one path, such as /validate/tenant.
type Ask func(ctx context.Context, path string, r *admissionv1.AdmissionRequest) (*admissionv1.AdmissionResponse, error)

// Reviewer plays the API server for a target that answers reviews: mutating, patch,
// identity of the stored object, validating.
type Reviewer struct {
	Ask Ask
	// Verify proves a passport; nil where the keys are out of reach, then only its
	// text is read.
	Verify func(wire string) (passport.UserPassport, error)

	serial int
}

// Do implements Target.
func (r *Reviewer) Do(ctx context.Context, c Case) (Answer, error) {
	for i := range c.Fill {
		if made, err := r.write(ctx, c.As, "CREATE", c.Namespace, Filler(i), nil); err != nil || !made.Allowed {
			return Answer{}, fmt.Errorf("session %d to begin with: %s %w", i, made.Message, err)
		}
	}
	var before map[string]any
	if c.Before != "" {
		as := c.BeforeAs
		if as == "" {
			as = c.As
		}
		made, err := r.write(ctx, as, "CREATE", c.Namespace, c.Before, nil)
		if err != nil {
			return Answer{}, fmt.Errorf("object to begin with: %w", err)
		}
		if !made.Allowed {
			return Answer{}, fmt.Errorf("object to begin with was denied: %s", made.Message)
		}
		before = made.Stored
	}
	return r.write(ctx, c.As, c.Operation, c.Namespace, c.Manifest, before)
}

// Author implements Target.
func (r *Reviewer) Author(_ context.Context, stored map[string]any) (string, error) {
	wire, _ := lookup(stored, "metadata.annotations["+v1alpha1.AnnotationPassport+"]")
	text, _ := wire.(string)
	verify := r.Verify
	if verify == nil {
		verify = passport.Inspect
	}
	p, err := verify(text)
	return p.UserID, err
}

func (r *Reviewer) write(ctx context.Context, as, operation, namespace, manifest string, before map[string]any) (Answer, error) {
	r.serial++
	request := &admissionv1.AdmissionRequest{
		UID:       types.UID(fmt.Sprintf("conformance-%d", r.serial)),
		Operation: admissionv1.Operation(operation),
		Namespace: namespace,
		UserInfo:  userInfo(as),
	}
	var object map[string]any
	subject := before
	if manifest != "" {
		if err := yaml.Unmarshal([]byte(manifest), &object); err != nil {
			return Answer{}, fmt.Errorf("manifest: %w", err)
		}
		subject = object
	}
	u := unstructured.Unstructured{Object: subject}
	gvk := u.GroupVersionKind()
	request.Kind = metav1.GroupVersionKind(gvk)
	request.Resource = metav1.GroupVersionResource{Group: gvk.Group, Version: gvk.Version, Resource: plural(gvk.Kind)}
	request.RequestKind, request.RequestResource = &request.Kind, &request.Resource
	request.Name = u.GetName()
	request.OldObject = raw(before)
	if object != nil && namespace != "" {
		(&unstructured.Unstructured{Object: object}).SetNamespace(namespace)
	}
	request.Object = raw(object)
	entry := entryOf(request)
	var warnings []string
	if operation != "DELETE" {
		answer, err := r.Ask(ctx, "/mutate/"+entry, request)
		if err != nil {
			return Answer{}, err
		}
		if !answer.Allowed {
			return denied(answer), nil
		}
		warnings = answer.Warnings
		if object, err = patched(request.Object.Raw, answer.Patch); err != nil {
			return Answer{}, err
		}
		r.stored(object, before)
		request.Object = raw(object)
	}
	answer, err := r.Ask(ctx, "/validate/"+entry, request)
	if err != nil {
		return Answer{}, err
	}
	if len(answer.Patch) > 0 {
		return Answer{}, fmt.Errorf("validating sent a patch")
	}
	if !answer.Allowed {
		return denied(answer), nil
	}
	return Answer{Allowed: true, Stored: object, Warnings: append(warnings, answer.Warnings...)}, nil
}

// stored fills in what the API server fills in between mutating and validating.
func (r *Reviewer) stored(object, before map[string]any) {
	u := unstructured.Unstructured{Object: object}
	if before != nil {
		old := unstructured.Unstructured{Object: before}
		u.SetUID(old.GetUID())
		return
	}
	u.SetUID(types.UID(fmt.Sprintf("object-%d", r.serial)))
}

func denied(a *admissionv1.AdmissionResponse) Answer {
	out := Answer{Warnings: a.Warnings}
	if a.Result != nil {
		out.Message = a.Result.Message
	}
	return out
}

func patched(object, patch []byte) (map[string]any, error) {
	if len(patch) > 0 {
		p, err := jsonpatch.DecodePatch(patch)
		if err != nil {
			return nil, fmt.Errorf("patch: %w", err)
		}
		if object, err = p.Apply(object); err != nil {
			return nil, fmt.Errorf("apply the patch: %w", err)
		}
	}
	var out map[string]any
	if err := json.Unmarshal(object, &out); err != nil {
		return nil, fmt.Errorf("patched object: %w", err)
	}
	return out, nil
}

func raw(object map[string]any) runtime.RawExtension {
	if object == nil {
		return runtime.RawExtension{}
	}
	data, err := json.Marshal(object)
	if err != nil {
		return runtime.RawExtension{}
	}
	return runtime.RawExtension{Raw: data}
}

// userInfo is what the API server makes of a sample user's token.
func userInfo(user string) authenticationv1.UserInfo {
	email := map[string]string{"bob": "globex", "dave": "globex", "erin": "initech"}[user]
	if email == "" {
		email = "acme"
	}
	return authenticationv1.UserInfo{
		Username: "local:" + user,
		UID:      user,
		Groups:   []string{"gatehouse:users", "system:authenticated"},
		Extra:    map[string]authenticationv1.ExtraValue{"gatehouse.dev/email": {user + "@" + email + ".example"}},
	}
}
