package passport

import "errors"

// Why a passport was not made or not accepted. Each is wrapped with what was found;
// ask with errors.Is.
var (
	// ErrMalformed is anything that Sign would not have written: wrong shape, other
	// encodings of the same content, missing or unknown fields.
	ErrMalformed = errors.New("passport is malformed")
	// ErrTooLarge is a payload over MaxPayload, or more than MaxGroups groups.
	ErrTooLarge = errors.New("passport is too large")
	// ErrUnknownKey is a key id that the keyring does not hold.
	ErrUnknownKey = errors.New("passport is under an unknown key")
	// ErrRevokedKey is a key id that was revoked.
	ErrRevokedKey = errors.New("passport is under a revoked key")
	// ErrBadSignature is a MAC that does not fit the bytes.
	ErrBadSignature = errors.New("passport has a bad signature")
	// ErrWrongAudience is a genuine passport that was made for somebody else.
	ErrWrongAudience = errors.New("passport is for another audience")
	// ErrWrongObject is a genuine passport found on an object that it was not made for.
	ErrWrongObject = errors.New("passport is bound to another object")
	// ErrExpired is a bearer passport at or after its exp.
	ErrExpired = errors.New("passport has expired")
	// ErrNotYetValid is a bearer passport before its nbf.
	ErrNotYetValid = errors.New("passport is not yet valid")
	// ErrNoKey is a keyring without an active key: nothing can be signed.
	ErrNoKey = errors.New("no active signing key")
)

// Reason gives a short word for an error of this package, for metrics, logs and the
// name of a denial: malformed, too-large, unknown-key, revoked-key, bad-signature,
// wrong-audience, wrong-object, expired, not-yet-valid, no-key; ok for nil and error
// for any other error.
func Reason(err error) string {
	if err == nil {
		return "ok"
	}
	for _, r := range []struct {
		err  error
		word string
	}{
		{ErrMalformed, "malformed"},
		{ErrTooLarge, "too-large"},
		{ErrUnknownKey, "unknown-key"},
		{ErrRevokedKey, "revoked-key"},
		{ErrBadSignature, "bad-signature"},
		{ErrWrongAudience, "wrong-audience"},
		{ErrWrongObject, "wrong-object"},
		{ErrExpired, "expired"},
		{ErrNotYetValid, "not-yet-valid"},
		{ErrNoKey, "no-key"},
	} {
		if errors.Is(err, r.err) {
			return r.word
		}
	}
	return "error"
}
