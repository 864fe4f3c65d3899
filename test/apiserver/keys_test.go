package apiserver

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"

	"gatehouse.dev/gatehouse/pkg/passport"
)

const systemNS = "claude-runner-system"

// keySecret is the Secret with the keyring, and the keyring.
func keySecret(ctx context.Context, admin *user) (*corev1.Secret, *passport.Keyring) {
	GinkgoHelper()
	secret, err := admin.kube.CoreV1().Secrets(systemNS).Get(ctx, passport.SecretName, metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	ring, err := passport.ParseSecretData(secret.Data)
	Expect(err).NotTo(HaveOccurred())
	return secret, ring
}

// annotateKeys asks for something on the key Secret; nil takes an annotation away.
func annotateKeys(ctx context.Context, admin *user, key string, value any) {
	GinkgoHelper()
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{"annotations": map[string]any{key: value}}})
	Expect(err).NotTo(HaveOccurred())
	_, err = admin.kube.CoreV1().Secrets(systemNS).Patch(ctx, passport.SecretName, types.MergePatchType, patch, metav1.PatchOptions{})
	Expect(err).NotTo(HaveOccurred())
}

// rotate asks for another key, waits until it signs and gives its id.
func rotate(ctx context.Context, admin *user) string {
	GinkgoHelper()
	_, before := keySecret(ctx, admin)
	value := fmt.Sprint(time.Now().UnixNano())
	annotateKeys(ctx, admin, "gatehouse.dev/rotate", value)
	var active string
	Eventually(func() string {
		secret, ring := keySecret(ctx, admin)
		active = ring.Active()
		return secret.Annotations["gatehouse.dev/rotated"]
	}).WithContext(ctx).WithTimeout(slack * 5 * time.Second).WithPolling(20 * time.Millisecond).Should(Equal(value))
	Expect(active).NotTo(BeElementOf(before.Active(), ""))
	return active
}

// keyCondition gives a condition of the keyring as "status reason".
func keyCondition(ctx context.Context, admin *user, kind string) func() (string, error) {
	return func() (string, error) {
		secret, err := admin.kube.CoreV1().Secrets(systemNS).Get(ctx, passport.SecretName, metav1.GetOptions{})
		if err != nil {
			return "", err
		}
		var conditions []metav1.Condition
		if err := json.Unmarshal([]byte(secret.Annotations["gatehouse.dev/conditions"]), &conditions); err != nil {
			return "", err
		}
		c := meta.FindStatusCondition(conditions, kind)
		if c == nil {
			return "", nil
		}
		return string(c.Status) + " " + c.Reason, nil
	}
}

// writers are people who write as they always do.
type writers struct {
	stop context.CancelFunc
	done sync.WaitGroup

	mu      sync.Mutex
	written int
	longest time.Duration
	refused []error
	seals   map[string]string // one passport of each key
}

// startWriters lets each of the users create, change and delete a ConfigMap over and
// over.
func startWriters(ctx context.Context, namespaces map[string][]*user) *writers {
	ctx, stop := context.WithCancel(ctx)
	w := &writers{stop: stop, seals: map[string]string{}}
	for namespace, users := range namespaces {
		for i, u := range users {
			w.done.Go(func() { w.run(ctx, u.kube, namespace, fmt.Sprintf("honest-%d", i)) })
		}
	}
	return w
}

func (w *writers) run(ctx context.Context, kube kubernetes.Interface, namespace, name string) {
	client := kube.CoreV1().ConfigMaps(namespace)
	object := func(v string) *corev1.ConfigMap {
		return &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string]string{"v": v}}
	}
	for ctx.Err() == nil {
		// Once begun it is finished: a write that is broken off was not refused.
		one := context.WithoutCancel(ctx)
		w.count(func() (*corev1.ConfigMap, error) { return client.Create(one, object("1"), metav1.CreateOptions{}) })
		w.count(func() (*corev1.ConfigMap, error) { return client.Update(one, object("2"), metav1.UpdateOptions{}) })
		w.count(func() (*corev1.ConfigMap, error) { return nil, client.Delete(one, name, metav1.DeleteOptions{}) })
	}
}

func (w *writers) count(write func() (*corev1.ConfigMap, error)) {
	began := time.Now()
	made, err := write()
	for err != nil && countedMeanwhile(err) {
		made, err = write()
	}
	took := time.Since(began)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.written++
	w.longest = max(w.longest, took)
	if err != nil {
		w.refused = append(w.refused, err)
		return
	}
	if made != nil {
		wire := made.Annotations["gatehouse.dev/passport"]
		if p, err := passport.Inspect(wire); err == nil {
			w.seals[p.KeyID] = wire
		} else {
			w.refused = append(w.refused, fmt.Errorf("stored without a passport: %w", err))
		}
	}
}

// countedMeanwhile is the API server's own answer when two writes in a namespace meet in
// its native quota: no verdict, and asked to try again.
func countedMeanwhile(err error) bool {
	status := apierrors.APIStatus(nil)
	return apierrors.IsConflict(err) && errors.As(err, &status) && status.Status().Details != nil && status.Status().Details.Kind == "resourcequotas"
}

// signed gives a passport of each key that was used so far.
func (w *writers) signed() map[string]string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.seals)
}

// end lets the writers finish what they began.
func (w *writers) end() {
	w.stop()
	w.done.Wait()
}

var _ = Describe("The passport keys", Ordered, func() {
	It("are rotated ten times under load, and no honest write is refused", func(ctx SpecContext) {
		admin, alice, bob := home.as("admin"), home.as("alice"), home.as("bob")
		_, err := alice.create(ctx, aliceNS, workload("Deployment", "rotating"))
		Expect(err).NotTo(HaveOccurred())
		w := startWriters(ctx, map[string][]*user{aliceNS: {alice, home.as("alice")}, bobNS: {bob, home.as("bob")}})
		DeferCleanup(func(ctx SpecContext) {
			w.end()
			Expect(alice.remove(ctx, aliceNS, parse(workload("Deployment", "rotating")))).To(Succeed())
		}, NodeTimeout(time.Minute))
		var kids []string
		var slowest time.Duration
		for i := range 10 {
			began := time.Now()
			kids = append(kids, rotate(ctx, admin))
			slowest = max(slowest, time.Since(began))
			patch := fmt.Sprintf(`{"spec":{"template":{"metadata":{"annotations":{"turn":"%d"}}}}}`, i)
			_, err := alice.kube.AppsV1().Deployments(aliceNS).Patch(ctx, "rotating", types.StrategicMergePatchType, []byte(patch), metav1.PatchOptions{})
			Expect(err).NotTo(HaveOccurred())
			Eventually(w.signed).WithContext(ctx).WithTimeout(soon).Should(HaveKey(kids[i]), "somebody writes under the new key")
		}
		w.end()
		report("10 rotations under load, the slowest in %.2f s; %d writes by 4 people, %d refused, the longest took %.2f s",
			slowest.Seconds(), w.written, len(w.refused), w.longest.Seconds())
		Expect(w.refused).To(BeEmpty())

		_, ring := keySecret(ctx, admin)
		for _, kid := range kids {
			_, err := ring.Verify(w.seals[kid], passport.AudienceAdmission, time.Now())
			Expect(err).NotTo(HaveOccurred(), "a passport under key %s", kid)
		}
		Eventually(keyCondition(ctx, admin, "Rotating")).WithContext(ctx).WithTimeout(soon).Should(Equal("False AtRest"))
		Eventually(keyCondition(ctx, admin, "KeysLoaded")).WithContext(ctx).WithTimeout(soon).Should(Equal("True AllLoaded"))

		By("the rollouts that began meanwhile come to an end")
		out, err := alice.kubectl(ctx, "", "-n", aliceNS, "rollout", "status", "deployment/rotating", "--timeout=100s")
		Expect(err).NotTo(HaveOccurred(), out)
		Expect(failedCreates(ctx, admin, aliceNS, "rotating")).NotTo(ContainElement(ContainSubstring("identity/")))
	}, SpecTimeout(5*time.Minute))
})

// failedCreates are the words of controllers that could not make something for an
// application.
func failedCreates(ctx context.Context, admin *user, namespace, app string) []string {
	GinkgoHelper()
	events, err := admin.kube.CoreV1().Events(namespace).List(ctx, metav1.ListOptions{FieldSelector: "reason=FailedCreate"})
	Expect(err).NotTo(HaveOccurred())
	var out []string
	for _, e := range events.Items {
		if strings.HasPrefix(e.InvolvedObject.Name, app) {
			out = append(out, e.InvolvedObject.Name+": "+e.Message)
		}
	}
	return out
}
