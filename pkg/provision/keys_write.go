package provision

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// Annotations of the key Secret.
const (
	// AnnotationRotate asks for another signing key: any value that is not yet in
	// AnnotationRotated.
	AnnotationRotate = "gatehouse.dev/rotate"
	// AnnotationRotated is the last value of AnnotationRotate that was done: a key
	// signs that did not when it was asked for.
	AnnotationRotated = "gatehouse.dev/rotated"
	// AnnotationRevoke lists ids of keys to refuse, separated by commas.
	AnnotationRevoke = "gatehouse.dev/revoke"
	// AnnotationConditions holds the keyring's conditions, a JSON list.
	AnnotationConditions = "gatehouse.dev/conditions"
)

// describePause is the shortest time between two writes of conditions alone: replicas
// report one after the other, and each write is an event for all of them.
const describePause = 2 * time.Second

// write stores what a turn changed, on condition that nobody wrote in between, and tells
// of it. A turn that changed nothing writes nothing.
func (k *keys) write(ctx context.Context, secret *corev1.Secret, t turn, loaded map[string][]string, want demands) error {
	before := secret.Annotations
	conditions := readConditions(before[AnnotationConditions])
	stood := meta.FindStatusCondition(conditions, conditionRevoked).DeepCopy()
	stalled := meta.IsStatusConditionTrue(conditions, conditionStalled)
	describe(&conditions, t, loaded, want, k.now())
	text, err := writeConditions(conditions)
	if err != nil {
		return err
	}
	secret.Annotations = maps.Clone(before)
	if secret.Annotations == nil {
		secret.Annotations = map[string]string{}
	}
	secret.Annotations[AnnotationConditions] = text
	if want.rotate && t.activated != "" {
		secret.Annotations[AnnotationRotated] = secret.Annotations[AnnotationRotate]
	}
	now := k.now()
	switch {
	case t.changed():
		secret.Data = t.ring.SecretData()
	case maps.Equal(before, secret.Annotations), now.Sub(k.described) < describePause:
		k.show(t)
		return nil
	}
	if err := k.client.Update(ctx, secret, client.FieldOwner(fieldManager)); err != nil {
		return fmt.Errorf("update secret %s/%s: %w", secret.Namespace, secret.Name, err)
	}
	k.described = now
	k.show(t)
	k.tell(secret, t, t.stalled && !stalled)
	if c := meta.FindStatusCondition(conditions, conditionRevoked); len(t.unknown) > 0 && (stood == nil || stood.Message != c.Message) {
		k.event(secret, corev1.EventTypeWarning, "UnknownKey", "Revoke", c.Message)
	}
	return nil
}

// show brings the metrics to a turn that stands.
func (k *keys) show(t turn) {
	reason := ""
	if t.stalled {
		reason = t.reason
	}
	k.metrics.show(t.ring, reason)
	if t.activated != "" {
		k.metrics.rotated()
	}
}

// tell makes Events of a turn that was written.
func (k *keys) tell(secret *corev1.Secret, t turn, stalled bool) {
	if len(t.revoked) > 0 {
		k.event(secret, corev1.EventTypeWarning, "KeyRevoked", "Revoke", "refused from now on: "+strings.Join(t.revoked, ", "))
	}
	if t.published != "" {
		k.event(secret, corev1.EventTypeNormal, "KeyPublished", "Rotate", "key "+t.published+" is there to be loaded")
	}
	if t.activated != "" {
		k.event(secret, corev1.EventTypeNormal, "KeyActivated", "Rotate", "key "+t.activated+" signs")
	}
	if stalled {
		k.event(secret, corev1.EventTypeWarning, "RotationStalled", "Rotate", progress(t, k.period))
	}
}

// unreadable says once that the keyring cannot be used.
func (k *keys) unreadable(secret *corev1.Secret) {
	k.metrics.show(nil, reasonUnreadable)
	if !k.broken {
		k.event(secret, corev1.EventTypeWarning, "KeyringUnreadable", "Rotate", passport.SecretKey+": "+errUnreadableKeys.Error())
	}
	k.broken = true
}

func (k *keys) event(secret *corev1.Secret, kind, reason, action, note string) {
	k.events.Eventf(secret, nil, kind, reason, action, "%s", note)
}
