package passport_test

import (
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestNewKeyringRefuses(t *testing.T) {
	same := key("k2", passport.VerifyOnly)
	same.Secret = key("k1", "").Secret
	revoked := same
	revoked.State = passport.Revoked
	short := key("k1", passport.Active)
	short.Secret = short.Secret[:31]
	future := key("k1", passport.Active)
	future.Created = time.Date(12000, 1, 1, 0, 0, 0, 0, time.UTC)
	zero := key("k1", passport.Active)
	zero.Created = time.Date(0, 1, 1, 0, 0, 0, 0, time.UTC)
	twin := key("k1", passport.VerifyOnly)
	twin.Secret = key("k2", "").Secret
	tests := map[string][]passport.Key{
		"same id, other secret":  {key("k1", passport.Active), twin},
		"brace in the id":        {key("k{", passport.Active)},
		"year 0":                 {zero},
		"two active":             {key("k1", passport.Active), key("k2", passport.Active)},
		"same id":                {key("k1", passport.Active), key("k1", passport.VerifyOnly)},
		"same secret":            {key("k1", passport.Active), same},
		"secret that is revoked": {key("k1", passport.Active), revoked},
		"short secret":           {short},
		"no secret":              {{ID: "k1", State: passport.Pending}},
		"no state":               {key("k1", "")},
		"unknown state":          {key("k1", "primary")},
		"no id":                  {key("", passport.Active)},
		"upper-case id":          {key("K1", passport.Active)},
		"dotted id":              {key("k.1", passport.Active)},
		"long id":                {key(strings.Repeat("k", 33), passport.Active)},
		"year 12000":             {future},
	}
	for name, keys := range tests {
		t.Run(name, func(t *testing.T) {
			k, err := passport.NewKeyring(keys...)
			if err == nil || k != nil {
				t.Fatalf("accepted: %v, %v", k, err)
			}
			if strings.Contains(err.Error(), "secret of") {
				t.Errorf("shows the secret: %v", err)
			}
		})
	}
}

func TestKeyringDoesNotShareSecrets(t *testing.T) {
	mine := key("k1", passport.Active)
	k := keyring(t, mine)
	want := sign(t, k, bearer())
	clear(mine.Secret)
	clear(k.Keys()[0].Secret)
	if got := sign(t, k, bearer()); got != want {
		t.Error("a caller's slice changed the keyring")
	}
}

func TestRotation(t *testing.T) {
	first, err := passport.NewKey(now)
	if err != nil {
		t.Fatal(err)
	}
	second, err := passport.NewKey(now.Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if first.State != passport.Pending || !strings.HasPrefix(first.ID, "20260915-") || len(first.Secret) < 32 {
		t.Errorf("new key is %s", first)
	}
	step := func(k *passport.Keyring, err error) *passport.Keyring {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	refused := func(k *passport.Keyring, err error) {
		t.Helper()
		if err == nil || k != nil {
			t.Errorf("accepted: %v", k.IDs())
		}
	}
	k := step(keyring(t).With(first))
	k = step(k.Activate(first.ID))
	old := sign(t, k, alice())
	refused(k.Activate(first.ID))
	refused(k.Activate("nobody"))
	refused(k.With(first))

	published := step(k.With(second))
	if got := published.Active(); got != first.ID {
		t.Errorf("after publishing %q signs", got)
	}
	k = step(published.Activate(second.ID))
	fresh := sign(t, k, alice())
	for name, wire := range map[string]string{"old": old, "fresh": fresh} {
		for ring, k := range map[string]*passport.Keyring{"published": published, "activated": k} {
			if _, err := k.Verify(wire, "admission", now); err != nil {
				t.Errorf("%s passport, keyring %s: %v", name, ring, err)
			}
		}
	}
	refused(k.Activate(first.ID))

	k = step(k.Revoke(first.ID))
	if _, err := k.Verify(old, "admission", now); !errors.Is(err, passport.ErrRevokedKey) {
		t.Errorf("after revoking: %v", err)
	}
	refused(k.Revoke("nobody"))
	gone := step(k.Without(first.ID))
	if _, err := gone.Verify(old, "admission", now); !errors.Is(err, passport.ErrUnknownKey) {
		t.Errorf("after removing: %v", err)
	}
	refused(gone.Without(first.ID))
	if diff := cmp.Diff([]string{second.ID}, gone.IDs()); diff != "" {
		t.Error(diff)
	}
	if _, err := step(k.Revoke(second.ID)).Sign(alice()); !errors.Is(err, passport.ErrNoKey) {
		t.Errorf("signing under a revoked key: %v", err)
	}
}

func TestKeyringManyAtOnce(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			p := bearer()
			p.Audience = "service-" + string(rune('a'+i%3))
			wire, err := k.Sign(p)
			if err == nil {
				_, err = k.Verify(wire, p.Audience, now)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
}

// TestActivateTouchesOneKey: of what else there is, only the one that signed changes.
func TestActivateTouchesOneKey(t *testing.T) {
	k, err := keyring(t, key("old", passport.Active), key("gone", passport.Revoked), key("next", passport.Pending), key("later", passport.Pending)).Activate("next")
	if err != nil {
		t.Fatal(err)
	}
	states := map[string]passport.State{}
	for _, one := range k.Keys() {
		states[one.ID] = one.State
	}
	want := map[string]passport.State{"old": passport.VerifyOnly, "gone": passport.Revoked, "next": passport.Active, "later": passport.Pending}
	if diff := cmp.Diff(want, states); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if _, err := k.Activate("gone"); err == nil || !strings.Contains(err.Error(), "it is revoked, not pending") {
		t.Errorf("a revoked key is activated: %v", err)
	}
}

func TestNoKeys(t *testing.T) {
	var none *passport.Keyring
	if len(none.Keys())+len(none.IDs()) > 0 || none.Active() != "" || none.String() != `keyring [], active ""` {
		t.Errorf("%s with %v", none, none.Keys())
	}
	if got := keyring(t, key("k1", passport.Pending)).Active(); got != "" {
		t.Errorf("%q signs, though none is active", got)
	}
	// Whose secrets were forgotten are not the same key for that.
	keyring(t, passport.Key{ID: "k1", State: passport.Revoked}, passport.Key{ID: "k2", State: passport.Revoked})
}
