package provision

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// Condition types of the keyring. A Secret has no status, so they stand as a JSON list
// of metav1.Condition in its annotation gatehouse.dev/conditions.
const (
	conditionRotating = "Rotating"
	conditionLoaded   = "KeysLoaded"
	conditionStalled  = "Stalled"
	conditionRevoked  = "Revoked"
)

// readConditions gives none for what cannot be read: they are ours, and written anew.
func readConditions(text string) []metav1.Condition {
	var conditions []metav1.Condition
	if json.Unmarshal([]byte(text), &conditions) != nil {
		return nil
	}
	return conditions
}

func writeConditions(conditions []metav1.Condition) (string, error) {
	raw, err := json.Marshal(conditions)
	if err != nil {
		return "", fmt.Errorf("encode conditions: %w", err)
	}
	return string(raw), nil
}

// describe brings the conditions to what a turn found. Words change only when what they
// say does: each change is a write.
func describe(conditions *[]metav1.Condition, t turn, loaded map[string][]string, want demands, now time.Time) {
	set := func(kind string, status bool, reason, message string) {
		value := metav1.ConditionFalse
		if status {
			value = metav1.ConditionTrue
		}
		meta.SetStatusCondition(conditions, metav1.Condition{
			Type: kind, Status: value, Reason: reason, Message: message,
			LastTransitionTime: metav1.NewTime(now.UTC().Truncate(time.Second)),
		})
	}
	message := progress(t, want.period)
	set(conditionRotating, t.pending != "", t.reason, message)
	set(conditionStalled, t.stalled, t.reason, message)
	switch behind := behind(t.ring, loaded); {
	case len(loaded) == 0:
		set(conditionLoaded, false, reasonNoReplicas, "no webhook replica is live")
	case behind != "":
		set(conditionLoaded, false, "ReplicasBehind", behind)
	default:
		set(conditionLoaded, true, "AllLoaded", "every live webhook replica has loaded every key")
	}
	if len(want.revoke) == 0 {
		meta.RemoveStatusCondition(conditions, conditionRevoked)
		return
	}
	if len(t.unknown) > 0 {
		set(conditionRevoked, false, "UnknownKey", "the keyring holds no key "+strings.Join(t.unknown, ", "))
		return
	}
	set(conditionRevoked, true, "Revoked", "refused: "+strings.Join(want.revoke, ", "))
}

// progress says in words where a rotation stands.
func progress(t turn, period time.Duration) string {
	signs := "no key signs until then"
	if active := t.ring.Active(); active != "" {
		signs = "key " + active + " signs until then"
	}
	switch t.reason {
	case reasonWaiting:
		return fmt.Sprintf("key %s waits to be loaded by %s; %s", t.pending, strings.Join(t.lacking, ", "), signs)
	case reasonNoReplicas:
		return fmt.Sprintf("key %s waits for a webhook replica that is live; %s", t.pending, signs)
	case reasonFull:
		return fmt.Sprintf("the keyring holds %d keys, at most %d: drop verify-only keys that no stored object is under; key %s signs", len(t.ring.IDs()), maxKeys, t.ring.Active())
	}
	active, _ := find(t.ring, t.ring.Active())
	return fmt.Sprintf("key %s signs, until %s at the latest", active.ID, active.Created.Add(period).UTC().Format(time.RFC3339))
}

// behind says which live replicas lack which keys, "" if none does.
func behind(ring *passport.Keyring, loaded map[string][]string) string {
	var out []string
	for _, replica := range lacking(loaded, "") {
		var missing []string
		for _, id := range ring.IDs() {
			if !slices.Contains(loaded[replica], id) {
				missing = append(missing, id)
			}
		}
		if len(missing) > 0 {
			out = append(out, replica+" lacks "+strings.Join(missing, ", "))
		}
	}
	return strings.Join(out, "; ")
}
