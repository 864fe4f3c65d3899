package scan

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
	reportsv1alpha1 "github.com/openreports/reports-api/apis/openreports.io/v1alpha1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

const system = "claude-runner-system"

// judges is a World whose rule dislikes what is named bad.
type judges struct {
	namespaces []string
	digest     string
	asked      []string
	// stop is called with each object.
	stop func(name string)
}

func (j *judges) Refresh(context.Context) ([]string, string, error) {
	return j.namespaces, j.digest, nil
}

func (j *judges) Stored(_ context.Context, r review.Request) (gate.Judgement, error) {
	j.asked = append(j.asked, r.Namespace+"/"+r.Name)
	if j.stop != nil {
		j.stop(r.Name)
	}
	out := gate.Judgement{Rules: []string{"acme/names", "acme/other"}, Author: "local:alice", Sealed: true}
	switch r.Name {
	case "bad":
		out.Denials = []engine.Finding{{Rule: "acme/names", Msg: "bad name"}}
	case "odd":
		out.Audited = []engine.Finding{{Rule: "acme/names", Msg: "odd name"}}
		out.Warnings = []engine.Finding{{Rule: "acme/other", Msg: "odd"}}
	case "broken":
		return out, errors.New("too deep")
	}
	return out, nil
}

func newScanner(t *testing.T, world World, objects ...client.Object) *Scanner {
	t.Helper()
	scheme := runtime.NewScheme()
	if err := errors.Join(clientgoscheme.AddToScheme(scheme), reportsv1alpha1.Install(scheme)); err != nil {
		t.Fatal(err)
	}
	mapper := meta.NewDefaultRESTMapper([]schema.GroupVersion{corev1.SchemeGroupVersion})
	mapper.Add(corev1.SchemeGroupVersion.WithKind("ServiceAccount"), meta.RESTScopeNamespace)
	c := fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).Build()
	return &Scanner{
		Config: config.Audit{PageSize: 1, RequestsPerSecond: 1000, Resources: []config.AuditedResource{
			{Version: "v1", Resource: "serviceaccounts"}, {Group: "example.com", Version: "v1", Resource: "absent"},
		}},
		World: world, Live: c, Mapper: mapper, Logger: logr.Discard(), Now: func() time.Time { return time.Unix(1000, 0) },
		Place: &Place{Client: c, Namespace: system},
	}
}

func account(namespace, name string) client.Object {
	return &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name}}
}

func (s *Scanner) stored(t *testing.T, namespace string) reportsv1alpha1.Report {
	t.Helper()
	var r reportsv1alpha1.Report
	if err := s.Live.Get(t.Context(), client.ObjectKey{Namespace: namespace, Name: ReportName}, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func TestPass(t *testing.T) {
	world := &judges{namespaces: []string{"b", "a"}, digest: "sha256:1"}
	s := newScanner(t, world, account("a", "bad"), account("a", "fine"), account("a", "odd"), account("b", "broken"), account("c", "bad"))
	if err := s.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	a := s.stored(t, "a")
	if diff := cmp.Diff(reportsv1alpha1.ReportSummary{Pass: 3, Fail: 2, Warn: 1}, a.Summary); diff != "" {
		t.Error(diff)
	}
	var lines []string
	for _, r := range a.Results {
		lines = append(lines, fmt.Sprintf("%s %s %s scored=%v %s by %s", r.Policy, r.Result, r.Description, r.Scored, r.Subjects[0].Name, r.Properties["author"]))
	}
	if diff := cmp.Diff([]string{
		"acme/names fail bad name scored=true bad by local:alice",
		"acme/other warn odd scored=false odd by local:alice",
		"acme/names fail odd name scored=false odd by local:alice",
	}, lines); diff != "" {
		t.Error(diff)
	}
	if b := s.stored(t, "b"); b.Summary.Error != 1 || b.Results[0].Result != broken {
		t.Errorf("an object that cannot be judged: %+v", b)
	}
	var c reportsv1alpha1.Report
	if err := s.Live.Get(t.Context(), client.ObjectKey{Namespace: "c", Name: ReportName}, &c); err == nil {
		t.Error("a namespace that is no tenant's has a report")
	}

	// Nothing new: the report stays as it is, its times too.
	version := a.ResourceVersion
	s.Now = func() time.Time { return time.Unix(2000, 0) }
	if err := s.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := s.stored(t, "a"); again.ResourceVersion != version {
		t.Error("a report that says nothing new was written")
	}
	// What was wrong and is gone is gone from the report.
	if err := s.Live.Delete(t.Context(), account("a", "bad")); err != nil {
		t.Fatal(err)
	}
	if err := s.Pass(t.Context()); err != nil {
		t.Fatal(err)
	}
	if again := s.stored(t, "a"); again.Summary.Fail != 1 {
		t.Errorf("summary %+v", again.Summary)
	}
}

// TestResume: a pass that is cut off goes on behind the last namespace that it finished,
// unless other policies are in force by then.
func TestResume(t *testing.T) {
	for name, tt := range map[string]struct {
		digest string
		want   []string
	}{
		"same policies":  {"sha256:1", []string{"b/x", "c/x"}},
		"other policies": {"sha256:2", []string{"a/x", "b/x", "c/x"}},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cut := context.WithCancel(t.Context())
			world := &judges{namespaces: []string{"a", "b", "c"}, digest: "sha256:1"}
			s := newScanner(t, world, account("a", "x"), account("b", "x"), account("c", "x"))
			s.World.(*judges).stop = func(string) {
				if len(world.asked) == 2 {
					cut()
				}
			}
			if err := s.Pass(ctx); err == nil {
				t.Fatal("a pass that was cut off reports nothing")
			}
			next := &judges{namespaces: world.namespaces, digest: tt.digest}
			s.World = next
			if err := s.Pass(t.Context()); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, next.asked); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestManyFindings: a report is bounded, its summary counts all.
func TestManyFindings(t *testing.T) {
	r := newReport("a", "sha256:1", time.Unix(1, 0))
	o := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Namespace: "a", Name: "x"}}
	raw, err := runtime.DefaultUnstructuredConverter.ToUnstructured(o)
	if err != nil {
		t.Fatal(err)
	}
	for range maxResults + 7 {
		r.broken(&unstructured.Unstructured{Object: raw}, errors.New("x"))
	}
	if len(r.Results) != maxResults || r.Summary.Error != maxResults+7 || r.Summary.Skip != 7 {
		t.Errorf("%d results, summary %+v", len(r.Results), r.Summary)
	}
}
