package session

import (
	"fmt"
	"time"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// action is what the controller does to the world before it writes the status.
type action int

const (
	actNone action = iota
	// actCreate makes the Job. The plan's status is what holds once that went well.
	actCreate
	// actDelete ends the Job and its Pods, actDeletePods the Pods of a Job that is gone.
	actDelete
	actDeletePods
)

// settings are what a plan depends on beside the objects.
type settings struct {
	// refusal is how long a refused Job is tried again.
	refusal time.Duration
}

// world is what was seen of one session.
type world struct {
	session *researchv1.ResearchSession
	// hash of the session's spec.
	hash string
	// seconds that a session without a Job may run; shortened says that it asked for more,
	// or is empty.
	seconds   int64
	shortened string
	// job is the session's own, nil when there is none; pods are the Job's, also when it
	// is gone.
	job  *batchv1.Job
	pods []corev1.Pod
	// refused is why the Job could not be created, or why it makes no Pods; with final
	// another try would be refused the same.
	refused string
	final   bool
	// ahead is how many sessions of the tenant are queued before this one; promoted says
	// that the ledger has a place for it, full why it has none.
	ahead    int
	promoted bool
	full     string
	// waiting is when to look again where no event tells, 0 for never.
	waiting time.Duration
}

// plan says what the status should be and what is to be done first. It never changes a
// phase that is terminal, nor messages, finalOutput and cost, which are the runner's.
func plan(w world, now time.Time, c settings) (researchv1.ResearchSessionStatus, action) {
	d := &draft{world: w, now: now, settings: c, status: *w.session.Status.DeepCopy()}
	act := d.act()
	return d.status, act
}

// draft is a status on its way.
type draft struct {
	world
	settings
	now    time.Time
	status researchv1.ResearchSessionStatus
}

func (d *draft) act() action {
	stop := d.status.Phase == researchv1.PhaseStopped || ptrTrue(d.session.Spec.Stopped)
	switch {
	case stop && !finished(d.job):
		return d.stop()
	case d.status.Phase.Terminal():
		return actNone
	case finished(d.job):
		d.finish()
		return actNone
	case d.job != nil:
		d.watch()
		return actNone
	case d.status.Phase == researchv1.PhaseCreating || d.status.Phase == researchv1.PhaseRunning:
		return d.lost()
	case d.status.Phase == researchv1.PhaseQueued:
		d.queue()
		return actNone
	}
	return d.start()
}

// start makes a Job for a session that has none, unless it was refused for too long.
func (d *draft) start() action {
	if d.refused != "" {
		d.refuse()
		return actNone
	}
	d.status.SpecHash = d.hash
	d.adopt()
	d.say(researchv1.PhaseCreating, ReasonJobCreated, d.made())
	return actCreate
}

// adopt notes which Job is the session's and what it was started with. The hash is missing
// when the controller ended between the Job and this note.
func (d *draft) adopt() {
	d.status.JobName = jobName(d.session.Name)
	if d.status.SpecHash == "" {
		d.status.SpecHash = d.hash
	}
	d.compare()
}

func (d *draft) made() string { return joined("its Job "+d.status.JobName+" was made", d.shortened) }

// refuse keeps a session Pending for a while: a policy or a tier that was just put right
// may not have reached every replica. After that it is over and gives its place back.
func (d *draft) refuse() {
	since := d.condition(researchv1.ConditionStarted)
	if d.final || since != nil && since.Reason == ReasonJobRefused && d.now.Sub(since.LastTransitionTime.Time) >= d.refusal {
		d.over(researchv1.PhaseError, ReasonJobRefused, "its Job was refused: "+d.refused)
		return
	}
	d.say(researchv1.PhasePending, ReasonJobRefused, "its Job was refused and is tried again: "+d.refused)
}

// watch follows a Job that has not finished.
func (d *draft) watch() {
	d.adopt()
	phase := researchv1.PhaseCreating
	if d.status.Phase == researchv1.PhaseRunning {
		phase = researchv1.PhaseRunning
	}
	if !d.job.DeletionTimestamp.IsZero() {
		d.say(phase, ReasonJobDeleted, "its Job "+d.job.Name+" is being deleted")
		return
	}
	if began := began(d.pods); began != nil || phase == researchv1.PhaseRunning {
		d.run(began)
		return
	}
	switch o := obstacle(d.pods); {
	case o.reason != "":
		d.say(phase, o.reason, o.message)
	case len(d.pods) == 0 && d.refused != "":
		d.say(phase, ReasonPodsRefused, "its Job may make no Pod: "+d.refused)
	case d.status.Phase != phase:
		d.say(phase, ReasonJobCreated, d.made())
	}
}

// run is a session that runs, or is between two tries. status.message belongs to the
// runner from here on; what we have to say stands in the condition.
func (d *draft) run(began *metav1.Time) {
	if d.status.Phase != researchv1.PhaseRunning {
		d.status.Phase, d.status.Message = researchv1.PhaseRunning, "it runs"
	}
	message := "one of its Pods runs"
	if failed := d.job.Status.Failed; failed > 0 {
		message = joined(fmt.Sprintf("it is tried again after %d failed", failed), last(d.pods))
	}
	if began == nil {
		message = joined(message, obstacle(d.pods).message)
	}
	d.started(began, message)
}

// finish takes over how the Job ended.
func (d *draft) finish() {
	d.adopt()
	said := d.status.Message
	if c := d.condition(researchv1.ConditionStarted); c == nil || c.Status == metav1.ConditionTrue {
		said = "" // it is no reason
	}
	o := outcomeOf(d.job, d.pods, said)
	if o.began != nil {
		d.started(o.began, "its Pods ran")
	}
	d.status.CompletionTime = o.ended
	d.over(o.phase, o.reason, o.message)
}

// stop ends what runs and is over when nothing runs any more. A backend writes phase
// Stopped at once, a person sets spec.stopped.
func (d *draft) stop() action {
	act, left := actNone, alive(d.pods)
	switch {
	case d.job != nil && d.job.DeletionTimestamp.IsZero():
		act = actDelete
	case d.job == nil && left:
		act = actDeletePods
	}
	switch {
	case d.status.Phase == researchv1.PhaseStopped:
		if d.job != nil && d.condition(researchv1.ConditionFinished) == nil {
			d.over(researchv1.PhaseStopped, ReasonStopped, "it was stopped")
		}
	case d.status.Phase.Terminal():
	case d.job == nil && !left:
		d.over(researchv1.PhaseStopped, ReasonStopped, "it was stopped")
	default:
		d.set(researchv1.ConditionFinished, metav1.ConditionFalse, ReasonStopping, "its Job and Pods are being deleted")
		d.status.Message = "it is being stopped"
	}
	return act
}

// lost ends a session whose Job somebody deleted. What an orphaning deletion left running
// ends first: it would run beside whatever takes the session's place.
func (d *draft) lost() action {
	message := "its Job " + jobName(d.session.Name) + " was deleted before it had finished"
	if alive(d.pods) {
		d.set(researchv1.ConditionFinished, metav1.ConditionFalse, ReasonJobLost, message+"; its Pods are being deleted")
		return actDeletePods
	}
	d.over(researchv1.PhaseFailed, ReasonJobLost, message)
	return actNone
}
