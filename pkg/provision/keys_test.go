package provision

import (
	"encoding/base64"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// keeper is a keeper of keys with a clock and a recorder that tests can look into.
type keeper struct {
	*keys
	t      *testing.T
	server *server
	clock  time.Time
	told   *events.FakeRecorder
}

func newKeeper(t *testing.T, objects ...client.Object) *keeper {
	t.Helper()
	k := &keeper{t: t, server: newServer(t, objects...), clock: day, told: events.NewFakeRecorder(100)}
	now := func() time.Time { return k.clock }
	k.keys = &keys{
		client: k.server, live: k.server, namespace: system, period: month, now: now,
		events: k.told, metrics: &keyMetrics{now: now},
	}
	return k
}

// step lets a moment pass and takes one look.
func (k *keeper) step() turn {
	k.t.Helper()
	k.clock = k.clock.Add(describePause)
	t, err := k.look(k.t.Context())
	if err != nil {
		k.t.Fatal(err)
	}
	return t
}

func (k *keeper) secret() *corev1.Secret {
	k.t.Helper()
	secret := &corev1.Secret{}
	if err := k.server.Get(k.t.Context(), client.ObjectKey{Namespace: system, Name: passport.SecretName}, secret); err != nil {
		k.t.Fatal(err)
	}
	return secret
}

func (k *keeper) ring() *passport.Keyring {
	k.t.Helper()
	ring, err := passport.ParseSecretData(k.secret().Data)
	if err != nil {
		k.t.Fatal(err)
	}
	return ring
}

func (k *keeper) annotate(key, value string) {
	k.t.Helper()
	secret := k.secret()
	metav1.SetMetaDataAnnotation(&secret.ObjectMeta, key, value)
	if err := k.server.Update(k.t.Context(), secret); err != nil {
		k.t.Fatal(err)
	}
}

// report renews a replica's Lease with all keys that there are, or with those given.
func (k *keeper) report(replica string, ids ...string) {
	k.t.Helper()
	if ids == nil {
		ids = k.ring().IDs()
	}
	lease := leaseOf("gatehouse-webhook-"+replica, k.clock, strings.Join(ids, ","))
	old := &coordinationv1.Lease{}
	err := k.server.Get(k.t.Context(), client.ObjectKeyFromObject(lease), old)
	if apierrors.IsNotFound(err) {
		err = k.server.Create(k.t.Context(), lease)
	} else if err == nil {
		lease.ResourceVersion = old.ResourceVersion
		err = k.server.Update(k.t.Context(), lease)
	}
	if err != nil {
		k.t.Fatal(err)
	}
}

// condition gives "status reason: message".
func (k *keeper) condition(kind string) string {
	k.t.Helper()
	c := meta.FindStatusCondition(readConditions(k.secret().Annotations[AnnotationConditions]), kind)
	if c == nil {
		return ""
	}
	return string(c.Status) + " " + c.Reason + ": " + c.Message
}

// events gives what was told since the last call.
func (k *keeper) events() []string {
	var out []string
	for {
		select {
		case e := <-k.told.Events:
			out = append(out, e)
		default:
			return out
		}
	}
}

func same(t *testing.T, what string, want, got any) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func TestFirstKey(t *testing.T) {
	k := newKeeper(t)
	made := k.step()
	if made.activated == "" || k.ring().Active() != made.activated {
		t.Errorf("made %q, active %q", made.activated, k.ring().Active())
	}
	before := k.secret().Data
	k.step() // describes it
	if n := k.server.written(func() { k.step() }); n != 0 {
		t.Errorf("%d writes at rest", n)
	}
	same(t, "data", before, k.secret().Data)
	same(t, "KeysLoaded", "False NoReplicas: no webhook replica is live", k.condition(conditionLoaded))
}

func TestKeyAfterADeletedSecretIsLoadedFirst(t *testing.T) {
	k := newKeeper(t)
	k.step()
	k.report("0")
	if err := k.server.Delete(t.Context(), k.secret()); err != nil {
		t.Fatal(err)
	}
	made := k.step()
	if made.pending == "" || k.ring().Active() != "" {
		t.Fatalf("a key signs that no replica has: %s", states(k.ring()))
	}
	k.report("0")
	if k.step(); k.ring().Active() != made.pending {
		t.Errorf("the key does not sign: %s", states(k.ring()))
	}
}

func TestRotationOnDemand(t *testing.T) {
	k := newKeeper(t)
	first := k.step().activated
	k.report("0")
	k.report("1")
	k.step()
	same(t, "KeysLoaded", "True AllLoaded: every live webhook replica has loaded every key", k.condition(conditionLoaded))
	same(t, "Rotating", "False AtRest: key "+first+" signs, until 2026-12-25T12:00:02Z at the latest", k.condition(conditionRotating))
	k.events()

	k.annotate(AnnotationRotate, "please")
	second := k.step().published
	same(t, "keys", map[string]bool{first + "=active": true, second + "=pending": true}, set(states(k.ring())))
	same(t, "Rotating", "True WaitingForReplicas: key "+second+" waits to be loaded by 0, 1; key "+first+" signs until then", k.condition(conditionRotating))
	same(t, "rotated", "", k.secret().Annotations[AnnotationRotated])
	same(t, "events", []string{"Normal KeyPublished key " + second + " is there to be loaded"}, k.events())

	k.report("0")
	k.report("1", first)
	k.clock = k.clock.Add(-describePause / 2)
	if n := k.server.written(func() { k.step() }); n != 0 {
		t.Errorf("%d writes for words alone, so soon after the last one", n)
	}
	if n := k.server.written(func() { k.step(); k.step() }); n != 1 {
		t.Errorf("%d writes for words that changed, want 1", n)
	}
	same(t, "KeysLoaded", "False ReplicasBehind: 1 lacks "+second, k.condition(conditionLoaded))

	k.report("1")
	k.step()
	same(t, "keys", map[string]bool{first + "=verify": true, second + "=active": true}, set(states(k.ring())))
	same(t, "rotated", "please", k.secret().Annotations[AnnotationRotated])
	same(t, "events", []string{"Normal KeyActivated key " + second + " signs"}, k.events())
	if n := k.server.written(func() { k.step() }); n != 0 {
		t.Errorf("%d writes for a request that is done", n)
	}
}

func set(list string) map[string]bool {
	out := map[string]bool{}
	for item := range strings.SplitSeq(list, " ") {
		out[item] = true
	}
	return out
}

func TestDeadReplicaDoesNotBlock(t *testing.T) {
	k := newKeeper(t)
	k.step()
	k.report("0")
	k.report("dead")
	k.annotate(AnnotationRotate, "1")
	second := k.step().published
	for range 4 {
		k.report("0")
		if got := k.step(); got.activated != "" {
			t.Fatalf("activated while a replica's Lease runs: %+v", got)
		}
	}
	k.report("0")
	k.clock = k.clock.Add(5 * time.Second)
	k.report("0")
	if got := k.step(); got.activated != second {
		t.Errorf("a dead replica blocks: %+v", got)
	}
}

func TestStalledRotation(t *testing.T) {
	k := newKeeper(t)
	first := k.step().activated
	k.report("0")
	k.annotate(AnnotationRotate, "1")
	second := k.step().published
	k.events()
	for range 20 {
		k.report("0", first)
		k.step()
	}
	words := "key " + second + " waits to be loaded by 0; key " + first + " signs until then"
	same(t, "Stalled", "True WaitingForReplicas: "+words, k.condition(conditionStalled))
	same(t, "events", []string{"Warning RotationStalled " + words}, k.events())
	same(t, "metric", reasonWaiting, k.metrics.stalled)
	k.report("0")
	k.step()
	same(t, "metric", "", k.metrics.stalled)
	if got := k.condition(conditionStalled); !strings.HasPrefix(got, "False AtRest") {
		t.Errorf("Stalled is %s", got)
	}
}

func TestRevocation(t *testing.T) {
	k := newKeeper(t)
	first := k.step().activated
	k.report("0")
	k.step()
	k.events()
	k.annotate(AnnotationRevoke, first+" , no-such")
	got := k.step()
	same(t, "keys", map[string]bool{first + "=revoked": true, got.published + "=pending": true}, set(states(k.ring())))
	same(t, "Revoked", "False UnknownKey: the keyring holds no key no-such", k.condition(conditionRevoked))
	same(t, "events", []string{
		"Warning KeyRevoked refused from now on: " + first,
		"Normal KeyPublished key " + got.published + " is there to be loaded",
		"Warning UnknownKey the keyring holds no key no-such",
	}, k.events())
	k.report("0")
	k.step()
	same(t, "active", got.published, k.ring().Active())
	same(t, "events", []string{"Normal KeyActivated key " + got.published + " signs"}, k.events())
	k.annotate(AnnotationRevoke, first)
	k.step()
	same(t, "Revoked", "True Revoked: refused: "+first, k.condition(conditionRevoked))
}

func TestConflictLosesNothing(t *testing.T) {
	k := newKeeper(t)
	k.step()
	k.report("0")
	k.step()
	stale := k.secret()
	k.annotate(AnnotationRotate, "1")
	if err := k.write(t.Context(), stale, turn{ring: k.ring(), published: "x"}, nil, demands{period: month}); !apierrors.IsConflict(err) {
		t.Fatalf("a write over somebody's change: %v", err)
	}
	if got := k.step(); got.published == "" {
		t.Error("the request was lost")
	}
}

func TestUnreadableKeysAreKept(t *testing.T) {
	shy := base64.StdEncoding.EncodeToString([]byte("a secret that nobody may see, ever"))
	for name, data := range map[string]map[string][]byte{
		"empty":    nil,
		"no JSON":  {passport.SecretKey: []byte(shy)},
		"too weak": {passport.SecretKey: []byte(`{"keys":[{"id":"a","state":"active","secret":"c2hvcnQ="}]}`)},
		"typo":     {passport.SecretKey: []byte(`{"keys":[{"id":"a","state":"active","secret":"` + shy + `","more":1}]}`)},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKeeper(t, &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: passport.SecretName,
				Annotations: map[string]string{AnnotationRotate: "1", AnnotationRevoke: "a"}}, Data: data})
			var err error
			n := k.server.written(func() {
				_, err = k.look(t.Context())
				_, _ = k.look(t.Context())
			})
			if n != 0 {
				t.Errorf("%d writes over a keyring that is there", n)
			}
			if !errors.Is(err, errUnreadableKeys) {
				t.Fatalf("error %v, want %v", err, errUnreadableKeys)
			}
			told := k.events()
			if len(told) != 1 || !strings.HasPrefix(told[0], "Warning KeyringUnreadable") {
				t.Errorf("told %q", told)
			}
			if strings.Contains(err.Error()+told[0], shy) {
				t.Error("the secret is shown")
			}
			same(t, "metric", reasonUnreadable, k.metrics.stalled)
		})
	}
}
