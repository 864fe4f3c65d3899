package provision

import (
	"context"
	"errors"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/log"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/provision/home"
)

const (
	keysLook  = 30 * time.Second
	keysRetry = 2 * time.Second
)

// errUnreadableKeys says that a keyring is there and cannot be used. It is never written
// over: the passports on everything stored may hang on it.
var errUnreadableKeys = errors.New("the keyring cannot be read and is not replaced; restore it, or delete the Secret to begin anew")

// keys makes the first signing key. It needs no webhook and no cache, since nothing is
// decided without a key.
type keys struct {
	client    client.Client
	live      client.Reader
	namespace string
	now       func() time.Time
}

// NeedLeaderElection: two makers of a first key would make two.
func (k *keys) NeedLeaderElection() bool { return true }

// Start looks after the keyring until ctx ends.
func (k *keys) Start(ctx context.Context) error {
	logger := log.FromContext(ctx).WithName("keys")
	for {
		wait := keysLook
		made, err := k.ensure(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			logger.Error(err, "passport keys")
			wait = keysRetry
		case made != "":
			logger.Info("made the first passport key", "key", made)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(wait):
		}
	}
}

// ensure creates the Secret with one active key if there is none, and returns that key's
// id.
func (k *keys) ensure(ctx context.Context) (made string, err error) {
	name := client.ObjectKey{Namespace: k.namespace, Name: passport.SecretName}
	secret := &corev1.Secret{}
	err = k.live.Get(ctx, name, secret)
	if err == nil {
		if _, err := passport.ParseSecretData(secret.Data); err != nil {
			return "", fmt.Errorf("secret %s: %w: %w", name, errUnreadableKeys, err)
		}
		return "", nil
	}
	if !apierrors.IsNotFound(err) {
		return "", fmt.Errorf("read secret %s: %w", name, err)
	}
	key, err := passport.NewKey(k.now())
	if err != nil {
		return "", err
	}
	// No verifier can be without the first key: there is nothing yet to verify.
	key.State = passport.Active
	ring, err := passport.NewKeyring(key)
	if err != nil {
		return "", fmt.Errorf("first passport key: %w", err)
	}
	secret = &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{
			Namespace: name.Namespace, Name: name.Name,
			Labels: map[string]string{home.LabelManagedBy: home.ManagedBy},
		},
		Type: corev1.SecretTypeOpaque,
		Data: ring.SecretData(),
	}
	err = k.client.Create(ctx, secret, client.FieldOwner(fieldManager))
	if apierrors.IsAlreadyExists(err) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("create secret %s: %w", name, err)
	}
	return key.ID, nil
}
