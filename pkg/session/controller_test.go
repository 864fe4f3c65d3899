package session

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/tools/events"
	"k8s.io/utils/ptr"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// bench is one session with a controller beside an API server in memory.
type bench struct {
	t      *testing.T
	client client.WithWatch
	r      *reconciler
	told   *events.FakeRecorder
	// refuse is what the next creations of Jobs are answered with.
	refuse error
}

func newBench(t *testing.T, objects ...client.Object) *bench {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{clientgoscheme.AddToScheme, researchv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	b := &bench{t: t, told: events.NewFakeRecorder(100)}
	b.client = fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...).
		WithIndex(&corev1.Event{}, "involvedObject.uid", func(o client.Object) []string { return []string{string(o.(*corev1.Event).InvolvedObject.UID)} }).
		WithIndex(&corev1.Event{}, "reason", func(o client.Object) []string { return []string{o.(*corev1.Event).Reason} }).
		WithInterceptorFuncs(interceptor.Funcs{
			Create: func(ctx context.Context, c client.WithWatch, o client.Object, opts ...client.CreateOption) error {
				if _, job := o.(*batchv1.Job); job && b.refuse != nil {
					return b.refuse
				}
				o.SetUID("job-1")
				return c.Create(ctx, o, opts...)
			},
		}).Build()
	b.restart()
	return b
}

// restart puts a controller there that remembers nothing.
func (b *bench) restart() {
	b.r = &reconciler{
		Options: Options{Sessions: config.Default().Sessions, NamespacePrefix: "n", Live: b.client, Events: b.told,
			Limits: func(context.Context, string) (map[string]tenant.Limit, error) { return nil, nil }},
		settings: settings{refusal: time.Minute}, cache: b.client, now: func() time.Time { return noon },
	}
}

func (b *bench) reconcile() reconcile.Result {
	b.t.Helper()
	result, err := b.r.Reconcile(b.t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "ns", Name: "s"}})
	if err != nil {
		b.t.Fatal(err)
	}
	return result
}

func (b *bench) session() *researchv1.ResearchSession {
	b.t.Helper()
	s := &researchv1.ResearchSession{}
	if err := b.client.Get(b.t.Context(), client.ObjectKey{Namespace: "ns", Name: "s"}, s); err != nil {
		b.t.Fatal(err)
	}
	return s
}

func (b *bench) job() *batchv1.Job {
	b.t.Helper()
	j := &batchv1.Job{}
	err := b.client.Get(b.t.Context(), client.ObjectKey{Namespace: "ns", Name: "s-job"}, j)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

func (b *bench) phase(want researchv1.Phase) {
	b.t.Helper()
	if got := b.session().Status.Phase; got != want {
		b.t.Fatalf("phase %q, want %q: %s", got, want, b.session().Status.Message)
	}
}

// update changes a stored object.
func (b *bench) update(o client.Object) {
	b.t.Helper()
	if err := b.client.Update(b.t.Context(), o); err != nil {
		b.t.Fatal(err)
	}
}

func stored(phase researchv1.Phase, change ...func(*researchv1.ResearchSession)) *researchv1.ResearchSession {
	s := inPhase(phase, change...)
	s.ResourceVersion = ""
	s.CreationTimestamp = *at(-100)
	return s
}

func pod(name string, owner *metav1.OwnerReference) *corev1.Pod {
	p := podIn(corev1.PodRunning)
	p.Name, p.Labels = name, map[string]string{LabelSession: "s", labelApp: app}
	if owner != nil {
		p.OwnerReferences = []metav1.OwnerReference{*owner}
	}
	return &p
}

var byJob = &metav1.OwnerReference{APIVersion: "batch/v1", Kind: "Job", Name: "s-job", UID: "job-1", Controller: ptr.To(true)}

// A life from the beginning to the end, with a new controller at each step.
func TestLife(t *testing.T) {
	b := newBench(t, stored(""))
	b.reconcile()
	b.phase(researchv1.PhaseCreating)
	job := b.job()
	if job == nil || !metav1.IsControlledBy(job, b.session()) {
		t.Fatalf("no Job of the session: %v", job)
	}
	b.restart()
	b.reconcile()
	b.phase(researchv1.PhaseCreating)

	if err := b.client.Create(t.Context(), pod("p", byJob)); err != nil {
		t.Fatal(err)
	}
	b.restart()
	b.reconcile()
	b.phase(researchv1.PhaseRunning)

	job = b.job()
	ended(batchv1.JobComplete, "", "")(job)
	if err := b.client.Status().Update(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	b.restart()
	b.reconcile()
	b.phase(researchv1.PhaseCompleted)
	before := b.session().ResourceVersion
	b.reconcile()
	if b.session().ResourceVersion != before || b.job() == nil {
		t.Error("a completed session was touched again")
	}
	s := b.session()
	if diff := cmp.Diff([]any{"so far", 1}, []any{s.Status.FinalOutput, len(s.Status.Messages)}); diff != "" {
		t.Errorf("what is the runner's (-want +got):\n%s", diff)
	}
	var told []string
	for len(b.told.Events) > 0 {
		told = append(told, <-b.told.Events)
	}
	if diff := cmp.Diff([]string{"Normal Creating its Job s-job was made", "Normal Running it runs", "Normal Completed it ran to its end"}, told); diff != "" {
		t.Errorf("events (-want +got):\n%s", diff)
	}
}

// The controller ends between the Job and the note of it.
func TestJobWithoutANote(t *testing.T) {
	b := newBench(t, stored(""))
	job := newJob(b.session(), 300, config.Default().Sessions)
	if err := b.client.Create(t.Context(), job); err != nil {
		t.Fatal(err)
	}
	b.reconcile()
	b.phase(researchv1.PhaseCreating)
	if got := b.session().Status.JobName; got != "s-job" {
		t.Errorf("jobName %q", got)
	}
}

func TestRefusals(t *testing.T) {
	jobs := schema.GroupResource{Group: "batch", Resource: "jobs"}
	for name, c := range map[string]struct {
		refuse error
		phase  researchv1.Phase
		again  time.Duration
	}{
		"by a policy":  {apierrors.NewForbidden(jobs, "s-job", errors.New("denied by pods/images: no")), researchv1.PhasePending, refusalPause},
		"as no Job":    {apierrors.NewInvalid(schema.GroupKind{Group: "batch", Kind: "Job"}, "s-job", nil), researchv1.PhaseError, 0},
		"as too large": {apierrors.NewRequestEntityTooLargeError("limit is 1 MiB"), researchv1.PhaseError, 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := newBench(t, stored("Pending"))
			b.refuse = c.refuse
			if again := b.reconcile().RequeueAfter; again != c.again {
				t.Errorf("looked at again after %s, want %s", again, c.again)
			}
			b.phase(c.phase)
			if c.phase == researchv1.PhasePending {
				b.refuse = nil
				b.reconcile()
				b.phase(researchv1.PhaseCreating)
			}
		})
	}
	t.Run("by an API server in trouble: it is tried again and nothing is said", func(t *testing.T) {
		b := newBench(t, stored("Pending"))
		b.refuse = apierrors.NewInternalError(errors.New("webhook is away"))
		if _, err := b.r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKey{Namespace: "ns", Name: "s"}}); err == nil {
			t.Error("no error")
		}
		b.phase(researchv1.PhasePending)
	})
	t.Run("by a namespace that goes", func(t *testing.T) {
		b := newBench(t, stored("Pending"))
		going := apierrors.NewForbidden(jobs, "s-job", errors.New("it is being terminated"))
		going.ErrStatus.Details.Causes = []metav1.StatusCause{{Type: corev1.NamespaceTerminatingCause}}
		b.refuse = going
		if again := b.reconcile().RequeueAfter; again != refusalPause {
			t.Errorf("looked at again after %s", again)
		}
		b.phase(researchv1.PhasePending)
	})
	t.Run("by another Job of the name", func(t *testing.T) {
		b := newBench(t, stored("Pending"), &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s-job", UID: "another"}})
		b.reconcile()
		b.phase(researchv1.PhasePending)
		if diff := cmp.Diff("its Job was refused and is tried again: another Job named s-job is in the way", b.session().Status.Message); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func TestStop(t *testing.T) {
	b := newBench(t, stored(""))
	b.reconcile()
	if err := b.client.Create(t.Context(), pod("p", byJob)); err != nil {
		t.Fatal(err)
	}
	s := b.session()
	s.Spec.Stopped = ptr.To(true)
	b.update(s)
	b.reconcile()
	b.phase(researchv1.PhaseCreating)
	if b.job() != nil {
		t.Fatal("the Job is still there")
	}
	// The fake knows no garbage collection: the Pod is as an orphan would be.
	b.reconcile()
	var left corev1.PodList
	if err := b.client.List(t.Context(), &left); err != nil || len(left.Items) != 0 {
		t.Fatalf("%d Pods are left: %v", len(left.Items), err)
	}
	b.reconcile()
	b.phase(researchv1.PhaseStopped)
}

func TestOnlyItsOwnPodsAreEnded(t *testing.T) {
	old := pod("old", nil)
	old.CreationTimestamp = *at(-200)
	deployed := pod("deployed", &metav1.OwnerReference{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: "r", UID: "r", Controller: ptr.To(true)})
	other := pod("other", nil)
	other.Labels[LabelSession] = "t"
	b := newBench(t, stored("Running"), pod("orphan", nil), old, deployed, other)
	b.reconcile()
	b.phase(researchv1.PhaseRunning)
	var left corev1.PodList
	if err := b.client.List(t.Context(), &left); err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, p := range left.Items {
		names = append(names, p.Name)
	}
	if diff := cmp.Diff([]string{"deployed", "old", "other"}, names); diff != "" {
		t.Errorf("left (-want +got):\n%s", diff)
	}
	b.reconcile()
	b.phase(researchv1.PhaseFailed)
}

func TestWhyNoPods(t *testing.T) {
	b := newBench(t, stored(""))
	b.reconcile()
	job := b.job()
	for i, message := range []string{"first", "exceeded quota: pods"} {
		e := &corev1.Event{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: message[:1]}, Reason: failedCreate, Message: message,
			LastTimestamp: *at(i), InvolvedObject: corev1.ObjectReference{UID: job.UID}}
		if err := b.client.Create(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	job.CreationTimestamp = *at(-8)
	b.update(job)
	if again := b.reconcile().RequeueAfter; again <= 0 || again > lastLook {
		t.Errorf("looked at again after %s", again)
	}
	if diff := cmp.Diff("its Job may make no Pod: exceeded quota: pods", b.session().Status.Message); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestLeftAlone(t *testing.T) {
	elsewhere := stored("")
	elsewhere.Namespace = "other"
	b := newBench(t, elsewhere)
	b.r.NamespacePrefix = "claude-runner-user-"
	if _, err := b.r.Reconcile(t.Context(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(elsewhere)}); err != nil {
		t.Fatal(err)
	}
	var jobs batchv1.JobList
	if err := b.client.List(t.Context(), &jobs); err != nil || len(jobs.Items) != 0 {
		t.Errorf("%d Jobs outside of tenants' namespaces: %v", len(jobs.Items), err)
	}
	if r := b.reconcile(); r.RequeueAfter != 0 {
		t.Errorf("a session that is not there is looked at again: %v", r)
	}
}
