package passport

import (
	"fmt"
	"time"
)

// Verify accepts a wire string that a key of this keyring signed for the audience, and
// no other bytes. The MAC is compared in constant time before anything is parsed. Now
// matters to bearer audiences only: nbf <= now < exp, without leeway.
//
// The errors are ErrMalformed, ErrUnknownKey, ErrRevokedKey, ErrBadSignature,
// ErrWrongAudience, ErrNotYetValid and ErrExpired, and the passport is zero with each.
// Whether it stands on the right object is for BoundTo to say.
func (k *Keyring) Verify(wire, audience string, now time.Time) (UserPassport, error) {
	e, err := split(wire)
	if err != nil {
		return UserPassport{}, err
	}
	r := k.lookup(e.keyID)
	switch {
	case r == nil:
		return UserPassport{}, fmt.Errorf("%w: %s", ErrUnknownKey, e.keyID)
	case r.public.State == Revoked:
		return UserPassport{}, fmt.Errorf("%w: %s", ErrRevokedKey, e.keyID)
	case !e.authentic(r.macOf(audience)):
		return UserPassport{}, e.refuse(r)
	}
	p, err := e.decode()
	if err != nil {
		return UserPassport{}, err
	}
	if p.Audience != audience {
		return UserPassport{}, fmt.Errorf("%w: %q", ErrWrongAudience, p.Audience)
	}
	if p.Bearer() {
		switch t := now.Unix(); {
		case t < p.NotBefore:
			return UserPassport{}, fmt.Errorf("%w: before %s", ErrNotYetValid, instant(p.NotBefore))
		case t >= p.Expires:
			return UserPassport{}, fmt.Errorf("%w: at %s", ErrExpired, instant(p.Expires))
		}
	}
	return p, nil
}

func (k *Keyring) lookup(id string) *ring {
	if k == nil {
		return nil
	}
	return k.keys[id]
}

// refuse says why a MAC did not fit. The passport is refused already; reading what it
// claims serves only to tell a genuine one of another audience from a forgery.
func (e envelope) refuse(r *ring) error {
	if p, err := e.decode(); err == nil && e.authentic(r.derive(p.Audience)) {
		return fmt.Errorf("%w: %q", ErrWrongAudience, p.Audience)
	}
	return fmt.Errorf("%w: key %s", ErrBadSignature, e.keyID)
}

func instant(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
