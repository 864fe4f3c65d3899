package session

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func at(seconds int) *metav1.Time {
	t := metav1.NewTime(noon.Add(time.Duration(seconds) * time.Second))
	return &t
}

func inPhase(phase researchv1.Phase, change ...func(*researchv1.ResearchSession)) *researchv1.ResearchSession {
	s := &researchv1.ResearchSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s", UID: "session-1", ResourceVersion: "7"},
		Spec:       researchv1.ResearchSessionSpec{Prompt: "look", WebsiteURL: "https://example.com", Timeout: 300},
		Status:     researchv1.ResearchSessionStatus{Phase: phase, Messages: []researchv1.Message{{Content: "hi"}}, FinalOutput: "so far"},
	}
	if phase == researchv1.PhaseCreating || phase == researchv1.PhaseRunning {
		s.Status.JobName, s.Status.SpecHash = "s-job", "h1"
	}
	for _, c := range change {
		c(s)
	}
	return s
}

func stopped(s *researchv1.ResearchSession) { s.Spec.Stopped = ptr.To(true) }

func hasCondition(kind string, status metav1.ConditionStatus, reason string, since int) func(*researchv1.ResearchSession) {
	return func(s *researchv1.ResearchSession) {
		s.Status.Conditions = append(s.Status.Conditions, metav1.Condition{Type: kind, Status: status, Reason: reason, LastTransitionTime: *at(since)})
	}
}

func jobWith(change ...func(*batchv1.Job)) *batchv1.Job {
	j := &batchv1.Job{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s-job", UID: "job-1"},
		Spec: batchv1.JobSpec{ActiveDeadlineSeconds: ptr.To(int64(300))}, Status: batchv1.JobStatus{StartTime: at(-60)}}
	for _, c := range change {
		c(j)
	}
	return j
}

func deleting(j *batchv1.Job) { j.DeletionTimestamp = at(-1) }

func tried(failed int32) func(*batchv1.Job) { return func(j *batchv1.Job) { j.Status.Failed = failed } }

func ended(kind batchv1.JobConditionType, reason, message string) func(*batchv1.Job) {
	return func(j *batchv1.Job) {
		j.Status.Conditions = []batchv1.JobCondition{{Type: kind, Status: corev1.ConditionTrue, Reason: reason, Message: message, LastTransitionTime: *at(-5)}}
		if kind == batchv1.JobComplete {
			j.Status.CompletionTime = at(-6)
		}
	}
}

func podIn(phase corev1.PodPhase, change ...func(*corev1.Pod)) corev1.Pod {
	p := corev1.Pod{ObjectMeta: metav1.ObjectMeta{Namespace: "ns", Name: "s-job-x", CreationTimestamp: *at(-50)}, Status: corev1.PodStatus{Phase: phase}}
	if phase == corev1.PodRunning {
		p.Status.StartTime = at(-40)
	}
	for _, c := range change {
		c(&p)
	}
	return p
}

func unschedulable(p *corev1.Pod) {
	p.Status.Conditions = []corev1.PodCondition{{Type: corev1.PodScheduled, Status: corev1.ConditionFalse, Reason: "Unschedulable", Message: "0/2 nodes are available"}}
}

func waiting(reason, message string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{Name: app, Image: "runner:1", State: corev1.ContainerState{Waiting: &corev1.ContainerStateWaiting{Reason: reason, Message: message}}}}
	}
}

func exited(code int32, log string) func(*corev1.Pod) {
	return func(p *corev1.Pod) {
		p.Status.ContainerStatuses = []corev1.ContainerStatus{{State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: code, Reason: "Error", Message: log, StartedAt: *at(-40)}}}}
	}
}

// verdict is what a test asks of a plan.
type verdict struct {
	Phase           researchv1.Phase
	Message         string
	Action          action
	Started         string
	Finished        string
	Start, Complete *metav1.Time
	SpecApplied     string
}

func pods(p ...corev1.Pod) []corev1.Pod { return p }

func TestPlan(t *testing.T) {
	const applied = "True Applied"
	made := "its Job s-job was made"
	refused := hasCondition(researchv1.ConditionStarted, metav1.ConditionFalse, ReasonJobRefused, -59)
	long := hasCondition(researchv1.ConditionStarted, metav1.ConditionFalse, ReasonJobRefused, -60)
	ran := hasCondition(researchv1.ConditionStarted, metav1.ConditionTrue, ReasonRunning, -40)
	for name, c := range map[string]struct {
		world world
		want  verdict
	}{
		// Not yet begun.
		"new": {world{session: inPhase("")},
			verdict{Phase: "Creating", Message: made, Action: actCreate, Started: "False JobCreated", SpecApplied: applied}},
		"pending, with less time than asked for": {world{session: inPhase("Pending"), shortened: "spec.timeout was shortened"},
			verdict{Phase: "Creating", Message: made + "; spec.timeout was shortened", Action: actCreate, Started: "False JobCreated", SpecApplied: applied}},
		"pending, its Job refused": {world{session: inPhase("Pending"), refused: "no"},
			verdict{Phase: "Pending", Message: "its Job was refused and is tried again: no", Started: "False JobRefused"}},
		"pending, refused for a while": {world{session: inPhase("Pending", refused), refused: "no"},
			verdict{Phase: "Pending", Message: "its Job was refused and is tried again: no", Started: "False JobRefused"}},
		"pending, refused for too long": {world{session: inPhase("Pending", long), refused: "no"},
			verdict{Phase: "Error", Message: "its Job was refused: no", Started: "False JobRefused", Finished: "True JobRefused", Complete: at(0)}},
		"pending, refused for good": {world{session: inPhase("Pending"), refused: "no", final: true},
			verdict{Phase: "Error", Message: "its Job was refused: no", Finished: "True JobRefused", Complete: at(0)}},
		"pending, refused long ago and now not": {world{session: inPhase("Pending", long)},
			verdict{Phase: "Creating", Message: made, Action: actCreate, Started: "False JobCreated", SpecApplied: applied}},
		"queued": {world{session: inPhase("Queued")}, verdict{Phase: "Queued"}},
		"pending, its Job is there: the controller ended in between": {world{session: inPhase("Pending"), job: jobWith()},
			verdict{Phase: "Creating", Message: made, Started: "False JobCreated", SpecApplied: applied}},

		// Creating.
		"creating": {world{session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodPending))},
			verdict{Phase: "Creating", SpecApplied: applied}},
		"creating, no node": {world{session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodPending, unschedulable))},
			verdict{Phase: "Creating", Message: "no node takes its Pod s-job-x: Unschedulable: 0/2 nodes are available", Started: "False Unschedulable", SpecApplied: applied}},
		"creating, no image": {world{session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodPending, waiting("ImagePullBackOff", "back-off")))},
			verdict{Phase: "Creating", Message: "image runner:1 of its Pod s-job-x was not pulled: ImagePullBackOff: back-off", Started: "False ImageNotPulled", SpecApplied: applied}},
		"creating, no Secret": {world{session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodPending, waiting("CreateContainerConfigError", `secret "k" not found`)))},
			verdict{Phase: "Creating", Message: `container claude-runner of its Pod s-job-x does not start: CreateContainerConfigError: secret "k" not found`, Started: "False ContainerNotStarted", SpecApplied: applied}},
		"creating, on its way": {world{session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodPending, waiting("ContainerCreating", "")))},
			verdict{Phase: "Creating", SpecApplied: applied}},
		"creating, no Pod allowed": {world{session: inPhase("Creating"), job: jobWith(), refused: "exceeded quota"},
			verdict{Phase: "Creating", Message: "its Job may make no Pod: exceeded quota", Started: "False PodsRefused", SpecApplied: applied}},
		"creating, runs": {world{session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Message: "it runs", Started: "True Running", Start: at(-40), SpecApplied: applied}},
		"creating, ends before anybody saw it run": {world{session: inPhase("Creating"), job: jobWith(ended(batchv1.JobComplete, "", "")), pods: pods(podIn(corev1.PodSucceeded))},
			verdict{Phase: "Completed", Message: "it ran to its end", Started: "True Running", Finished: "True Completed", Start: at(-60), Complete: at(-6), SpecApplied: applied}},
		"creating, time is up before it began": {world{session: inPhase("Creating", hasCondition(researchv1.ConditionStarted, metav1.ConditionFalse, ReasonPodsRefused, -50), func(s *researchv1.ResearchSession) { s.Status.Message = "exceeded quota" }), job: jobWith(ended(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded, ""))},
			verdict{Phase: "Failed", Message: "it did not end within its 300 s; exceeded quota", Started: "False PodsRefused", Finished: "True Timeout", Complete: at(-5), SpecApplied: applied}},
		"creating, its Job is gone": {world{session: inPhase("Creating")},
			verdict{Phase: "Failed", Message: "its Job s-job was deleted before it had finished", Finished: "True JobLost", Complete: at(0)}},
		"creating, its Job is going": {world{session: inPhase("Creating"), job: jobWith(deleting)},
			verdict{Phase: "Creating", Message: "its Job s-job is being deleted", Started: "False JobDeleted", SpecApplied: applied}},

		// Running.
		"running": {world{session: inPhase("Running", ran), job: jobWith(), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Started: "True Running", Start: at(-40), SpecApplied: applied}},
		"running, between two tries": {world{session: inPhase("Running", ran), job: jobWith(tried(1)), pods: pods(podIn(corev1.PodFailed, exited(1, "no key")), podIn(corev1.PodPending))},
			verdict{Phase: "Running", Started: "True Running", SpecApplied: applied}},
		"running, spec changed": {world{session: inPhase("Running", ran), hash: "h2", job: jobWith(), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Started: "True Running", Start: at(-40), SpecApplied: "False ChangedAfterStart"}},
		"running, completes": {world{session: inPhase("Running", ran), job: jobWith(ended(batchv1.JobComplete, "", ""))},
			verdict{Phase: "Completed", Message: "it ran to its end", Started: "True Running", Finished: "True Completed", Start: at(-60), Complete: at(-6), SpecApplied: applied}},
		"running, fails": {world{session: inPhase("Running", ran), job: jobWith(tried(4), ended(batchv1.JobFailed, batchv1.JobReasonBackoffLimitExceeded, "too many tries")), pods: pods(podIn(corev1.PodFailed, exited(1, "no key")))},
			verdict{Phase: "Failed", Message: "too many tries; the last try exited 1 (Error); no key", Started: "True Running", Finished: "True RunFailed", Start: at(-60), Complete: at(-5), SpecApplied: applied}},
		"running, time is up": {world{session: inPhase("Running", ran, func(s *researchv1.ResearchSession) { s.Status.Message = "said by its runner" }), job: jobWith(ended(batchv1.JobFailed, batchv1.JobReasonDeadlineExceeded, ""))},
			verdict{Phase: "Failed", Message: "it did not end within its 300 s", Started: "True Running", Finished: "True Timeout", Complete: at(-5), SpecApplied: applied}},
		"running, its Job is gone": {world{session: inPhase("Running", ran)},
			verdict{Phase: "Failed", Message: "its Job s-job was deleted before it had finished", Started: "True Running", Finished: "True JobLost", Complete: at(0)}},
		"running, its Job is gone and left a Pod": {world{session: inPhase("Running", ran), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Action: actDeletePods, Started: "True Running", Finished: "False JobLost"}},

		// Stopping, by a person.
		"stopped before it began": {world{session: inPhase("Pending", stopped)},
			verdict{Phase: "Stopped", Message: "it was stopped", Finished: "True Stopped", Complete: at(0)}},
		"stopped in the queue": {world{session: inPhase("Queued", stopped)},
			verdict{Phase: "Stopped", Message: "it was stopped", Finished: "True Stopped", Complete: at(0)}},
		"stop": {world{session: inPhase("Running", ran, stopped), job: jobWith(), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Message: "it is being stopped", Action: actDelete, Started: "True Running", Finished: "False Stopping"}},
		"stopping": {world{session: inPhase("Running", ran, stopped), job: jobWith(deleting), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Message: "it is being stopped", Started: "True Running", Finished: "False Stopping"}},
		"stopping, a Pod is left": {world{session: inPhase("Running", ran, stopped), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Running", Message: "it is being stopped", Action: actDeletePods, Started: "True Running", Finished: "False Stopping"}},
		"stopping, nothing is left that runs": {world{session: inPhase("Running", ran, stopped), pods: pods(podIn(corev1.PodFailed))},
			verdict{Phase: "Stopped", Message: "it was stopped", Started: "True Running", Finished: "True Stopped", Complete: at(0)}},
		"stop, but it had ended": {world{session: inPhase("Running", ran, stopped), job: jobWith(ended(batchv1.JobComplete, "", ""))},
			verdict{Phase: "Completed", Message: "it ran to its end", Started: "True Running", Finished: "True Completed", Start: at(-60), Complete: at(-6), SpecApplied: applied}},

		// Stopping, by a backend that writes the phase.
		"a backend's stop": {world{session: inPhase("Stopped", ran), job: jobWith(), pods: pods(podIn(corev1.PodRunning))},
			verdict{Phase: "Stopped", Message: "it was stopped", Action: actDelete, Started: "True Running", Finished: "True Stopped", Complete: at(0)}},
		"a backend's stop of nothing":         {world{session: inPhase("Stopped")}, verdict{Phase: "Stopped"}},
		"a backend's stop, its Job had ended": {world{session: inPhase("Stopped"), job: jobWith(ended(batchv1.JobComplete, "", ""))}, verdict{Phase: "Stopped"}},

		// What is over stays as it is.
		"completed":                       {world{session: inPhase("Completed"), job: jobWith(ended(batchv1.JobComplete, "", ""))}, verdict{Phase: "Completed"}},
		"completed, its Job expired":      {world{session: inPhase("Completed")}, verdict{Phase: "Completed"}},
		"completed by its backend":        {world{session: inPhase("Completed"), job: jobWith(), pods: pods(podIn(corev1.PodRunning))}, verdict{Phase: "Completed"}},
		"failed by its backend, and stop": {world{session: inPhase("Failed", stopped), job: jobWith()}, verdict{Phase: "Failed", Action: actDelete}},
		"error":                           {world{session: inPhase("Error")}, verdict{Phase: "Error"}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.world.hash == "" {
				c.world.hash = "h1"
			}
			before := c.world.session.DeepCopy()
			status, act := plan(c.world, noon, settings{refusal: time.Minute})
			got := verdict{Phase: status.Phase, Message: status.Message, Action: act, Start: status.StartTime, Complete: status.CompletionTime}
			for _, condition := range status.Conditions {
				text := string(condition.Status) + " " + condition.Reason
				switch condition.Type {
				case researchv1.ConditionStarted:
					got.Started = text
				case researchv1.ConditionFinished:
					got.Finished = text
				case researchv1.ConditionSpecApplied:
					got.SpecApplied = text
				}
			}
			if c.want.Message == "" {
				c.want.Message = before.Status.Message
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(before, c.world.session); diff != "" {
				t.Errorf("plan changed the session that it was given:\n%s", diff)
			}
			if diff := cmp.Diff([]any{before.Status.Messages, before.Status.FinalOutput, before.Status.Cost}, []any{status.Messages, status.FinalOutput, status.Cost}); diff != "" {
				t.Errorf("plan touched what is the runner's:\n%s", diff)
			}
		})
	}
}

// A plan of what the last plan left says nothing new: or each write would ask for the next.
func TestPlanSettles(t *testing.T) {
	for name, w := range map[string]world{
		"refused":  {session: inPhase("Pending"), refused: "no"},
		"created":  {session: inPhase("Pending"), job: jobWith()},
		"blocked":  {session: inPhase("Creating"), job: jobWith(), pods: pods(podIn(corev1.PodPending, unschedulable))},
		"running":  {session: inPhase("Creating"), job: jobWith(tried(1)), pods: pods(podIn(corev1.PodRunning), podIn(corev1.PodFailed, exited(1, "x")))},
		"finished": {session: inPhase("Running"), job: jobWith(ended(batchv1.JobComplete, "", ""))},
		"stopping": {session: inPhase("Running", stopped), job: jobWith(deleting)},
		"stopped":  {session: inPhase("Stopped"), job: jobWith()},
	} {
		t.Run(name, func(t *testing.T) {
			w.hash = "h1"
			first, _ := plan(w, noon, settings{refusal: time.Minute})
			w.session.Status = first
			again, _ := plan(w, noon.Add(30*time.Second), settings{refusal: time.Minute})
			if diff := cmp.Diff(first, again); diff != "" {
				t.Errorf("(-first +again):\n%s", diff)
			}
		})
	}
}

// The condition of a refusal tells since when; another reason in between begins anew.
func TestRefusalIsTimed(t *testing.T) {
	w := world{session: inPhase("Pending", hasCondition(researchv1.ConditionStarted, metav1.ConditionFalse, ReasonJobCreated, -3600)), hash: "h1", refused: "no"}
	for after, want := range []researchv1.Phase{researchv1.PhasePending, researchv1.PhasePending, researchv1.PhaseError} {
		w.session.Status, _ = plan(w, noon.Add(time.Duration(after)*30*time.Second), settings{refusal: time.Minute})
		if got := w.session.Status.Phase; got != want {
			t.Fatalf("phase %s after %d s of refusals, want %s", got, after*30, want)
		}
	}
}
