package provision

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

// How long until the next look when nothing wakes us.
const (
	keysLook   = 10 * time.Second       // the watch reports what changes in between
	keysWaited = 500 * time.Millisecond // a key is on its way, a Lease may run out
	keysRetry  = 1 * time.Second        // after an error
)

// errUnreadableKeys says that a keyring is there and cannot be used. It is never written
// over: the passports on everything stored may hang on it.
var errUnreadableKeys = errors.New("the keyring cannot be read and is not replaced; restore it, or delete the Secret to begin anew")

// keys makes the first signing key and rotates and revokes what follows.
type keys struct {
	client    client.Client
	live      client.Reader // must not read from a cache: what it shows is written back
	namespace string
	period    time.Duration
	now       func() time.Time
	events    events.EventRecorder
	metrics   *keyMetrics
	// watch calls wake on news of the Secret and the Leases, until ctx ends; nil: none.
	watch func(ctx context.Context, seen *replicas, wake func()) error

	replicas  replicas
	described time.Time // when conditions alone were last written
	broken    bool      // the keyring was unreadable at the last look
}

// NeedLeaderElection: two makers of keys would make two.
func (k *keys) NeedLeaderElection() bool { return true }

// Start looks after the keyring until ctx ends.
func (k *keys) Start(ctx context.Context) error {
	logger := log.FromContext(ctx).WithName("keys")
	news := make(chan struct{}, 1)
	wake := func() {
		select {
		case news <- struct{}{}:
		default:
		}
	}
	if k.watch != nil {
		if err := k.watch(ctx, &k.replicas, wake); err != nil {
			return err
		}
	}
	for {
		t, err := k.look(ctx)
		wait := keysLook
		switch {
		case apierrors.IsConflict(err):
			wait = 0 // somebody asked for something meanwhile
		case err != nil && ctx.Err() == nil:
			logger.Error(err, "passport keys")
			wait = keysRetry
		case err == nil && t.pending != "":
			wait = keysWaited
		}
		if t.changed() {
			logger.Info("passport keys changed", "published", t.published, "activated", t.activated, "revoked", t.revoked)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-news:
		case <-time.After(wait):
		}
	}
}

// look takes the keyring one step on.
func (k *keys) look(ctx context.Context) (turn, error) {
	secret, t, err := k.read(ctx)
	if err != nil || secret == nil {
		return t, err
	}
	ring, err := passport.ParseSecretData(secret.Data)
	if err != nil {
		k.unreadable(secret)
		return turn{}, fmt.Errorf("secret %s/%s: %w: %w", secret.Namespace, secret.Name, errUnreadableKeys, err)
	}
	k.broken = false
	fresh, err := passport.NewKey(k.now())
	if err != nil {
		return turn{}, err
	}
	now, want := k.now(), k.demands(secret)
	loaded := k.replicas.loaded(now)
	if t, err = next(ring, loaded, now, want, fresh); err != nil {
		return turn{}, fmt.Errorf("secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	if err := k.write(ctx, secret, t, loaded, want); err != nil {
		return turn{}, err
	}
	return t, nil
}

// read gives the Secret and takes in the Leases. Without a Secret it makes one and gives
// nil and that turn.
func (k *keys) read(ctx context.Context) (*corev1.Secret, turn, error) {
	name := client.ObjectKey{Namespace: k.namespace, Name: passport.SecretName}
	var leases coordinationv1.LeaseList
	if err := k.live.List(ctx, &leases, client.InNamespace(k.namespace)); err != nil {
		return nil, turn{}, fmt.Errorf("list leases in %s: %w", k.namespace, err)
	}
	k.replicas.observeAll(leases.Items, k.now())
	secret := &corev1.Secret{}
	err := k.live.Get(ctx, name, secret)
	if apierrors.IsNotFound(err) {
		made, err := k.first(ctx, name)
		return nil, made, err
	}
	if err != nil {
		return nil, turn{}, fmt.Errorf("read secret %s: %w", name, err)
	}
	return secret, turn{}, nil
}

// first creates the Secret with one key. It signs at once, unless a replica still holds
// keys of a Secret that was deleted: until it has loaded this one it would refuse it.
func (k *keys) first(ctx context.Context, name client.ObjectKey) (turn, error) {
	key, err := passport.NewKey(k.now())
	if err != nil {
		return turn{}, err
	}
	t := turn{published: key.ID, activated: key.ID, reason: reasonAtRest}
	key.State = passport.Active
	for _, held := range k.replicas.loaded(k.now()) {
		if len(held) > 0 {
			key.State = passport.Pending
			t.activated, t.pending, t.reason = "", key.ID, reasonWaiting
		}
	}
	if t.ring, err = passport.NewKeyring(key); err != nil {
		return turn{}, fmt.Errorf("first passport key: %w", err)
	}
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: name.Namespace, Name: name.Name,
			Labels: map[string]string{home.LabelManagedBy: home.ManagedBy},
		},
		Type: corev1.SecretTypeOpaque,
		Data: t.ring.SecretData(),
	}
	err = k.client.Create(ctx, secret, client.FieldOwner(fieldManager))
	if apierrors.IsAlreadyExists(err) {
		return turn{}, nil
	}
	if err != nil {
		return turn{}, fmt.Errorf("create secret %s: %w", name, err)
	}
	k.tell(secret, t, false)
	return t, nil
}

// demands reads what people ask for on the Secret.
func (k *keys) demands(secret *corev1.Secret) demands {
	asked := secret.Annotations[AnnotationRotate]
	want := demands{period: k.period, rotate: asked != "" && asked != secret.Annotations[AnnotationRotated]}
	for id := range strings.SplitSeq(secret.Annotations[AnnotationRevoke], ",") {
		if id = strings.TrimSpace(id); id != "" {
			want.revoke = append(want.revoke, id)
		}
	}
	return want
}
