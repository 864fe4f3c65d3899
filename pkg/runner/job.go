package runner

import (
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/config"
)

// Claude Runner's labels on Job and Pod.
const (
	LabelSession = "research-session"
	LabelApp     = "app"
	App          = "claude-runner"
)

// runner is the user and group that the runner's image, which names none, runs as.
const runner = 1000

// sharedMemory is what a browser needs at /dev/shm.
const sharedMemory = "256Mi"

// Name is Claude Runner's name for a session's Job.
func Name(session string) string { return session + "-job" }

// New is the Job of a session that may run for so many seconds. Its controller owner is
// the session, so that Job and Pods inherit the session's passport and go when it goes.
func New(s *researchv1.ResearchSession, seconds int64, c config.Sessions) *batchv1.Job {
	labels := map[string]string{LabelSession: s.Name, LabelApp: App}
	return &batchv1.Job{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: s.Namespace, Name: Name(s.Name), Labels: labels,
			OwnerReferences: []metav1.OwnerReference{{
				APIVersion: researchv1.GroupVersion.String(), Kind: "ResearchSession",
				Name: s.Name, UID: s.UID, Controller: ptr.To(true),
			}},
		},
		Spec: batchv1.JobSpec{
			BackoffLimit:            ptr.To(c.BackoffLimit),
			ActiveDeadlineSeconds:   ptr.To(seconds),
			TTLSecondsAfterFinished: ptr.To(int32(c.TTLAfterFinished.Seconds())),
			Template: corev1.PodTemplateSpec{
				ObjectMeta: metav1.ObjectMeta{Labels: labels},
				Spec:       podSpec(s, seconds, c),
			},
		},
	}
}

// podSpec is Claude Runner's Pod, within Pod Security level restricted.
func podSpec(s *researchv1.ResearchSession, seconds int64, c config.Sessions) corev1.PodSpec {
	return corev1.PodSpec{
		RestartPolicy:                corev1.RestartPolicyNever,
		AutomountServiceAccountToken: ptr.To(false),
		EnableServiceLinks:           ptr.To(false),
		SecurityContext: &corev1.PodSecurityContext{
			RunAsNonRoot:   ptr.To(true),
			RunAsUser:      ptr.To(int64(runner)),
			RunAsGroup:     ptr.To(int64(runner)),
			FSGroup:        ptr.To(int64(runner)),
			SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Containers: []corev1.Container{{
			Name:      App,
			Image:     c.Image,
			Env:       environment(s, seconds, c),
			Resources: corev1.ResourceRequirements{Requests: c.Resources.Requests, Limits: c.Resources.Limits},
			// Why a run failed then stands in the Pod's status; nobody needs its log.
			TerminationMessagePolicy: corev1.TerminationMessageFallbackToLogsOnError,
			SecurityContext: &corev1.SecurityContext{
				AllowPrivilegeEscalation: ptr.To(false),
				ReadOnlyRootFilesystem:   ptr.To(false), // the browser writes beside /tmp
				Capabilities:             &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: "dshm", MountPath: "/dev/shm"}},
		}},
		Volumes: []corev1.Volume{{Name: "dshm", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
			Medium: corev1.StorageMediumMemory, SizeLimit: ptr.To(resource.MustParse(sharedMemory)),
		}}}},
	}
}
