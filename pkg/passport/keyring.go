package passport

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// Keyring is a set of keys of which at most one signs. It never changes: rotation makes
// a new one. It is safe for use by many goroutines. The nil and the zero Keyring hold
// no key.
type Keyring struct {
	keys   map[string]*ring
	active *ring
}

// ring is a key with what was derived from it. What is secret sits behind functions:
// fmt walks through unexported fields and pointers, whatever methods a type has, but
// prints a function as an address.
type ring struct {
	public    Key // without the secret
	secret    func() []byte
	admission mac      // of AudienceAdmission
	derived   sync.Map // other audiences -> mac
}

// newRing copies the key.
func newRing(key Key) *ring {
	secret := bytes.Clone(key.Secret)
	key.Secret = nil
	key.Created = key.Created.UTC().Truncate(time.Second)
	r := &ring{public: key, secret: func() []byte { return secret }}
	if key.State != Revoked {
		r.admission = r.derive(AudienceAdmission)
	}
	return r
}

// NewKeyring takes any number of keys, at most one of them active. Ids are unique, and
// so are secrets: a revoked secret must not live on under another id.
func NewKeyring(keys ...Key) (*Keyring, error) {
	k := &Keyring{keys: make(map[string]*ring, len(keys))}
	for i, key := range keys {
		if err := key.validate(); err != nil {
			return nil, err
		}
		if _, twice := k.keys[key.ID]; twice {
			return nil, fmt.Errorf("key %s: there are two of this id", key.ID)
		}
		for _, other := range keys[:i] {
			if len(key.Secret) > 0 && bytes.Equal(key.Secret, other.Secret) {
				return nil, fmt.Errorf("keys %s and %s have the same secret", other.ID, key.ID)
			}
		}
		r := newRing(key)
		if key.State == Active {
			if k.active != nil {
				return nil, fmt.Errorf("keys %s and %s are both active", k.active.public.ID, key.ID)
			}
			k.active = r
		}
		k.keys[key.ID] = r
	}
	return k, nil
}

func (k Key) validate() error {
	switch {
	case !validKeyID(k.ID):
		return fmt.Errorf("key id %q: must match [a-z0-9-]{1,32}", k.ID)
	case k.Created.Year() < 1 || k.Created.Year() > 9999:
		return fmt.Errorf("key %s: created in a year that cannot be written", k.ID)
	case k.State == Revoked:
		return nil
	case k.State != Pending && k.State != Active && k.State != VerifyOnly:
		return fmt.Errorf("key %s: state %q is none of pending, active, verify, revoked", k.ID, k.State)
	case len(k.Secret) < MinSecret:
		return fmt.Errorf("key %s: the secret has %d bytes, it needs at least %d", k.ID, len(k.Secret), MinSecret)
	}
	return nil
}

// Keys gives copies of the keys, oldest first and then by id.
func (k *Keyring) Keys() []Key {
	if k == nil {
		return nil
	}
	keys := make([]Key, 0, len(k.keys))
	for _, r := range k.keys {
		key := r.public
		key.Secret = bytes.Clone(r.secret())
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b Key) int {
		return cmp.Or(a.Created.Compare(b.Created), strings.Compare(a.ID, b.ID))
	})
	return keys
}

// IDs gives the ids of all keys, sorted: what a replica reports as loaded.
func (k *Keyring) IDs() []string {
	if k == nil {
		return nil
	}
	ids := make([]string, 0, len(k.keys))
	for id := range k.keys {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// String shows the ids only.
func (k *Keyring) String() string {
	return fmt.Sprintf("keyring %v, active %q", k.IDs(), k.Active())
}

// Active gives the id of the key that signs, or "".
func (k *Keyring) Active() string {
	if k == nil || k.active == nil {
		return ""
	}
	return k.active.public.ID
}

// errNoSuchKey is for rotation; a passport under such a key is ErrUnknownKey.
var errNoSuchKey = errors.New("the keyring has no such key")

// With gives a keyring that also has the key.
func (k *Keyring) With(key Key) (*Keyring, error) { return NewKeyring(append(k.Keys(), key)...) }

// Without gives a keyring without the key of this id. Passports under it become
// unknown.
func (k *Keyring) Without(id string) (*Keyring, error) {
	keys := k.Keys()
	i := slices.IndexFunc(keys, func(key Key) bool { return key.ID == id })
	if i < 0 {
		return nil, fmt.Errorf("remove key %q: %w", id, errNoSuchKey)
	}
	return NewKeyring(slices.Delete(keys, i, i+1)...)
}

// Activate gives a keyring in which the pending key of this id signs and the one that
// signed before is retired to verify-only.
func (k *Keyring) Activate(id string) (*Keyring, error) {
	keys, found := k.Keys(), false
	for i := range keys {
		switch {
		case keys[i].ID == id && keys[i].State == Pending:
			keys[i].State, found = Active, true
		case keys[i].ID == id:
			return nil, fmt.Errorf("activate key %s: it is %s, not pending", id, keys[i].State)
		case keys[i].State == Active:
			keys[i].State = VerifyOnly
		}
	}
	if !found {
		return nil, fmt.Errorf("activate key %q: %w", id, errNoSuchKey)
	}
	return NewKeyring(keys...)
}

// Revoke gives a keyring that refuses the key of this id by name. Its secret is kept,
// so that it can be told from others; if it was active, nothing signs any more.
func (k *Keyring) Revoke(id string) (*Keyring, error) {
	keys, found := k.Keys(), false
	for i := range keys {
		if keys[i].ID == id {
			keys[i].State, found = Revoked, true
		}
	}
	if !found {
		return nil, fmt.Errorf("revoke key %q: %w", id, errNoSuchKey)
	}
	return NewKeyring(keys...)
}
