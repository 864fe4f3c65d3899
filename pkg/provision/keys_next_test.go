package provision

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

var day = time.Date(2026, 11, 25, 12, 0, 0, 0, time.UTC)

const month = 30 * 24 * time.Hour

// signingKey makes a key whose secret is its name, made at day plus age.
func signingKey(id string, state passport.State, made time.Duration) passport.Key {
	return passport.Key{ID: id, State: state, Secret: []byte(strings.Repeat(id+"-", 32)), Created: day.Add(made)}
}

func ringOf(t *testing.T, keys ...passport.Key) *passport.Keyring {
	t.Helper()
	ring, err := passport.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return ring
}

// states shows a keyring as id=state, oldest first.
func states(ring *passport.Keyring) string {
	var out []string
	for _, k := range ring.Keys() {
		out = append(out, k.ID+"="+string(k.State))
	}
	return strings.Join(out, " ")
}

func TestNext(t *testing.T) {
	active, old := signingKey("a", passport.Active, 0), signingKey("o", passport.VerifyOnly, -month)
	pending := signingKey("p", passport.Pending, time.Hour)
	both := func(ids ...string) map[string][]string { return map[string][]string{"w0": ids, "w1": ids} }
	tests := map[string]struct {
		ring   []passport.Key
		loaded map[string][]string
		after  time.Duration
		want   demands
		keys   string
		turn   turn
	}{
		"at rest": {ring: []passport.Key{active}, loaded: both("a"), keys: "a=active", turn: turn{reason: reasonAtRest}},
		"just before the period": {ring: []passport.Key{active}, loaded: both("a"), after: month - time.Second,
			keys: "a=active", turn: turn{reason: reasonAtRest}},
		"the period is over": {ring: []passport.Key{active}, loaded: both("a"), after: month,
			keys: "a=active f=pending", turn: turn{published: "f", pending: "f", lacking: []string{"w0", "w1"}, reason: reasonWaiting}},
		"asked for": {ring: []passport.Key{active}, loaded: both("a"), after: time.Hour, want: demands{rotate: true},
			keys: "a=active f=pending", turn: turn{published: "f", pending: "f", lacking: []string{"w0", "w1"}, reason: reasonWaiting}},
		"asked for with no replica": {ring: []passport.Key{active}, after: time.Hour, want: demands{rotate: true},
			keys: "a=active f=pending", turn: turn{published: "f", pending: "f", reason: reasonNoReplicas}},
		"a key without a date is too old": {ring: []passport.Key{{ID: "a", State: passport.Active, Secret: active.Secret}}, loaded: both("a"),
			keys: "a=active f=pending", turn: turn{published: "f", pending: "f", lacking: []string{"w0", "w1"}, reason: reasonWaiting}},
		"one replica has it": {ring: []passport.Key{active, pending}, loaded: map[string][]string{"w0": {"a", "p"}, "w1": {"a"}}, after: time.Hour,
			keys: "a=active p=pending", turn: turn{pending: "p", lacking: []string{"w1"}, reason: reasonWaiting}},
		"one replica has nothing": {ring: []passport.Key{active, pending}, loaded: map[string][]string{"w0": {"a", "p"}, "w1": nil}, after: time.Hour,
			keys: "a=active p=pending", turn: turn{pending: "p", lacking: []string{"w1"}, reason: reasonWaiting}},
		"for too long": {ring: []passport.Key{active, pending}, loaded: both("a"), after: time.Hour + stalledAfter + time.Second,
			keys: "a=active p=pending", turn: turn{pending: "p", lacking: []string{"w0", "w1"}, reason: reasonWaiting, stalled: true}},
		"nobody has it": {ring: []passport.Key{active, pending}, after: time.Hour,
			keys: "a=active p=pending", turn: turn{pending: "p", reason: reasonNoReplicas}},
		"a second request joins the first": {ring: []passport.Key{active, pending}, loaded: both("a"), after: time.Hour, want: demands{rotate: true},
			keys: "a=active p=pending", turn: turn{pending: "p", lacking: []string{"w0", "w1"}, reason: reasonWaiting}},
		"every replica has it": {ring: []passport.Key{old, active, pending}, loaded: both("a", "o", "p"), after: time.Hour,
			keys: "o=verify a=verify p=active", turn: turn{activated: "p", reason: reasonAtRest}},
		"revoke an old one": {ring: []passport.Key{old, active}, loaded: both("a", "o"), want: demands{revoke: []string{"o"}},
			keys: "o=revoked a=active", turn: turn{revoked: []string{"o"}, reason: reasonAtRest}},
		"revoke it again": {ring: []passport.Key{signingKey("o", passport.Revoked, -month), active}, loaded: both("a", "o"), want: demands{revoke: []string{"o"}},
			keys: "o=revoked a=active", turn: turn{reason: reasonAtRest}},
		"revoke the active one": {ring: []passport.Key{old, active}, loaded: both("a", "o"), want: demands{revoke: []string{"a"}},
			keys: "o=verify a=revoked f=pending", turn: turn{revoked: []string{"a"}, published: "f", pending: "f", lacking: []string{"w0", "w1"}, reason: reasonWaiting}},
		"revoke the active one while the next is loaded": {ring: []passport.Key{active, pending}, loaded: both("a", "p"), after: time.Hour, want: demands{revoke: []string{"a"}},
			keys: "a=revoked p=active", turn: turn{revoked: []string{"a"}, activated: "p", reason: reasonAtRest}},
		"revoke the pending one": {ring: []passport.Key{active, pending}, loaded: both("a", "p"), after: time.Hour, want: demands{revoke: []string{"p"}},
			keys: "a=active p=revoked", turn: turn{revoked: []string{"p"}, reason: reasonAtRest}},
		"revoke what is not there": {ring: []passport.Key{old, active}, loaded: both("a", "o"), want: demands{revoke: []string{"x", "o"}},
			keys: "o=revoked a=active", turn: turn{revoked: []string{"o"}, unknown: []string{"x"}, reason: reasonAtRest}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			test.want.period = month
			now := day.Add(test.after)
			fresh := signingKey("f", passport.Pending, test.after+time.Second)
			got, err := next(ringOf(t, test.ring...), test.loaded, now, test.want, fresh)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.keys, states(got.ring)); diff != "" {
				t.Errorf("keys (-want +got):\n%s", diff)
			}
			got.ring = nil
			if diff := cmp.Diff(test.turn, got, cmp.AllowUnexported(turn{})); diff != "" {
				t.Errorf("turn (-want +got):\n%s", diff)
			}
		})
	}
}

func fullRing(t *testing.T) *passport.Keyring {
	t.Helper()
	keys := []passport.Key{signingKey("a", passport.Active, 0)}
	for i := range maxKeys - 1 {
		keys = append(keys, signingKey(fmt.Sprintf("k%03d", i), passport.VerifyOnly, -month))
	}
	return ringOf(t, keys...)
}

func TestFullKeyringStaysAsItIs(t *testing.T) {
	full := fullRing(t)
	loaded := map[string][]string{"w0": full.IDs()}
	fresh := signingKey("f", passport.Pending, time.Hour)
	got, err := next(full, loaded, day, demands{rotate: true, period: month}, fresh)
	if err != nil {
		t.Fatal(err)
	}
	if got.changed() || got.reason != reasonFull || !got.stalled {
		t.Errorf("a full keyring was rotated: %+v", got)
	}
	if got, err = next(full, loaded, day, demands{revoke: []string{"a"}, period: month}, fresh); err != nil || got.published != "f" {
		t.Errorf("the revoked active key of a full keyring has no successor: %q, %v", got.published, err)
	}
	room, err := full.Without("k000")
	if err != nil {
		t.Fatal(err)
	}
	if got, err = next(room, loaded, day, demands{rotate: true, period: month}, fresh); err != nil || got.published != "f" {
		t.Errorf("with room for one: published %q, %v", got.published, err)
	}
	if n := len(full.SecretData()[passport.SecretKey]); n > 256<<10 {
		t.Errorf("%d keys are %d bytes", maxKeys, n)
	}
}

// TestNextKeepsItsPromises walks at random: replicas load, lag, come and go, people
// rotate and revoke.
func TestNextKeepsItsPromises(t *testing.T) {
	for seed := range uint64(60) {
		random := rand.New(rand.NewPCG(seed, 3))
		ring := ringOf(t, signingKey("k0", passport.Active, 0))
		loaded := map[string][]string{}
		now := day
		for step := range 120 {
			now = now.Add(time.Duration(random.IntN(3600)) * time.Second)
			switch name := fmt.Sprintf("w%d", random.IntN(3)); random.IntN(4) {
			case 0:
				delete(loaded, name)
			case 1:
				loaded[name] = nil
			default:
				loaded[name] = ring.IDs()
			}
			want := demands{period: 24 * time.Hour, rotate: random.IntN(4) == 0}
			if random.IntN(10) == 0 {
				ids := ring.IDs()
				want.revoke = []string{ids[random.IntN(len(ids))], "no-such"}
			}
			fresh := signingKey(fmt.Sprintf("k%d", step+1), passport.Pending, now.Sub(day))
			before := states(ring)
			got, err := next(ring, maps.Clone(loaded), now, want, fresh)
			if err != nil {
				t.Fatalf("seed %d: %s: %v", seed, before, err)
			}
			promises(t, ring, got, loaded)
			if t.Failed() {
				t.Fatalf("seed %d step %d, loaded %v:\n%s\n%s", seed, step, loaded, before, states(got.ring))
			}
			ring = got.ring
		}
	}
}

// promises holds a turn against what must never happen.
func promises(t *testing.T, before *passport.Keyring, got turn, loaded map[string][]string) {
	t.Helper()
	allowed := map[passport.State][]passport.State{
		passport.Pending:    {passport.Pending, passport.Active, passport.Revoked},
		passport.Active:     {passport.Active, passport.VerifyOnly, passport.Revoked},
		passport.VerifyOnly: {passport.VerifyOnly, passport.Revoked},
		passport.Revoked:    {passport.Revoked},
	}
	for _, k := range before.Keys() {
		after, exists := find(got.ring, k.ID)
		if !exists || !slices.Contains(allowed[k.State], after.State) || string(after.Secret) != string(k.Secret) {
			t.Errorf("key %s went from %s to %q", k.ID, k.State, after.State)
		}
	}
	var active, pending int
	for _, k := range got.ring.Keys() {
		was, existed := find(before, k.ID)
		switch k.State {
		case passport.Active:
			active++
			if was.State != passport.Active && (!existed || len(loaded) == 0 || len(lacking(loaded, k.ID)) > 0) {
				t.Errorf("key %s signs before every replica has it", k.ID)
			}
		case passport.Pending:
			pending++
		}
	}
	if active > 1 || pending > 1 {
		t.Errorf("%d active and %d pending keys", active, pending)
	}
	if active == 0 && pending == 0 {
		t.Error("no key signs and none is on its way")
	}
	if !got.changed() && states(before) != states(got.ring) {
		t.Error("a change that is not reported, so not written")
	}
}
