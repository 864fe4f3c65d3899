package provision

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// maxKeys bounds the keyring, which is one Secret and in every replica's memory.
const maxKeys = 500

// stalledAfter is how long a published key may wait for replicas before somebody should
// look: they report within moments, and a dead one is left out after its Lease.
const stalledAfter = 30 * time.Second

// Reasons why a rotation stands where it does.
const (
	reasonAtRest     = "AtRest"
	reasonWaiting    = "WaitingForReplicas"
	reasonNoReplicas = "NoReplicas"
	reasonFull       = "KeyringFull"
)

// demands are what is asked of the keyring.
type demands struct {
	// rotate asks for another key, whatever the age of the active one.
	rotate bool
	// revoke lists ids of keys that must be refused.
	revoke []string
	// period is the age at which the active key is replaced.
	period time.Duration
}

// turn is what one step makes of a keyring.
type turn struct {
	ring *passport.Keyring
	// published and activated are ids of keys, revoked those that were not before,
	// unknown those to revoke that the keyring does not hold.
	published, activated string
	revoked, unknown     []string
	// pending is the key on its way after this step; lacking are the live replicas that
	// have not loaded it.
	pending string
	lacking []string
	// reason says where the rotation stands, stalled that it needs a person.
	reason  string
	stalled bool
}

// changed reports whether the keyring must be written.
func (t turn) changed() bool { return t.published != "" || t.activated != "" || len(t.revoked) > 0 }

// next is one step of the keyring's life. Loaded maps each live webhook replica to the
// ids that it has loaded; fresh is a key to publish, should one be needed.
//
// A key is published as pending, signs once every live replica has it, and is retired to
// verify-only by the next; at most one key is on its way at a time. A revocation takes
// effect at once, whatever signs afterwards. Only a person drops keys: stored objects
// carry their passports.
func next(ring *passport.Keyring, loaded map[string][]string, now time.Time, want demands, fresh passport.Key) (turn, error) {
	t := turn{ring: ring, reason: reasonAtRest}
	if err := t.revoke(want.revoke); err != nil {
		return turn{}, err
	}
	pending, exists := oldest(t.ring, passport.Pending)
	if exists && len(loaded) > 0 && len(lacking(loaded, pending.ID)) == 0 {
		ring, err := t.ring.Activate(pending.ID)
		if err != nil {
			return turn{}, err
		}
		t.ring, t.activated = ring, pending.ID
		pending, exists = oldest(t.ring, passport.Pending) // one that a person added
	} else if !exists && due(t.ring, now, want) {
		// Past the bound a key is made only where otherwise none would sign.
		if len(t.ring.IDs()) >= maxKeys && t.ring.Active() != "" {
			t.reason, t.stalled = reasonFull, true
			return t, nil
		}
		fresh.State = passport.Pending
		ring, err := t.ring.With(fresh)
		if err != nil {
			return turn{}, fmt.Errorf("publish a key: %w", err)
		}
		t.ring, t.published = ring, fresh.ID
		pending, exists = fresh, true
	}
	if exists {
		t.wait(pending, loaded, now)
	}
	return t, nil
}

func (t *turn) revoke(ids []string) error {
	for _, id := range ids {
		key, exists := find(t.ring, id)
		switch {
		case !exists:
			t.unknown = append(t.unknown, id)
		case key.State != passport.Revoked:
			ring, err := t.ring.Revoke(id)
			if err != nil {
				return err
			}
			t.ring, t.revoked = ring, append(t.revoked, id)
		}
	}
	return nil
}

// wait says what the pending key waits for.
func (t *turn) wait(pending passport.Key, loaded map[string][]string, now time.Time) {
	t.pending, t.lacking = pending.ID, lacking(loaded, pending.ID)
	t.reason = reasonWaiting
	if len(loaded) == 0 {
		t.reason = reasonNoReplicas
	}
	t.stalled = now.Sub(pending.Created) > stalledAfter
}

// due reports whether another key is needed. The age of a key without a date is not
// known, so it is too old.
func due(ring *passport.Keyring, now time.Time, want demands) bool {
	active, exists := find(ring, ring.Active())
	return !exists || want.rotate || now.Sub(active.Created) >= want.period
}

// lacking lists the live replicas that have not loaded a key.
func lacking(loaded map[string][]string, id string) []string {
	var out []string
	for _, replica := range slices.Sorted(maps.Keys(loaded)) {
		if !slices.Contains(loaded[replica], id) {
			out = append(out, replica)
		}
	}
	return out
}

// oldest finds the oldest key in a state.
func oldest(ring *passport.Keyring, state passport.State) (passport.Key, bool) {
	return pick(ring, func(k passport.Key) bool { return k.State == state })
}

func find(ring *passport.Keyring, id string) (passport.Key, bool) {
	return pick(ring, func(k passport.Key) bool { return k.ID == id })
}

func pick(ring *passport.Keyring, want func(passport.Key) bool) (passport.Key, bool) {
	keys := ring.Keys()
	if i := slices.IndexFunc(keys, want); i >= 0 {
		return keys[i], true
	}
	return passport.Key{}, false
}
