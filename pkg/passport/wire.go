package passport

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
)

// macChars is the length of a base64url HMAC-SHA256.
const macChars = 43

// encoding is base64url without padding; Strict refuses trailing bits that are not
// zero. It still skips line breaks, so split refuses those.
var encoding = base64.RawURLEncoding.Strict()

// envelope is a wire string taken apart, nothing of it believed yet.
type envelope struct {
	signed  string // v1.<key id>.<payload>, the bytes under the MAC
	keyID   string
	payload string // base64url
	mac     [sha256.Size]byte
	macText string
}

// split takes a wire string apart without looking into the payload.
func split(wire string) (envelope, error) {
	if len(wire) > MaxWire {
		return envelope{}, fmt.Errorf("%w: %d bytes, at most %d", ErrMalformed, len(wire), MaxWire)
	}
	ver, rest, ok1 := strings.Cut(wire, ".")
	kid, rest, ok2 := strings.Cut(rest, ".")
	payload, mac, ok3 := strings.Cut(rest, ".")
	switch {
	case !ok1 || !ok2 || !ok3:
		return envelope{}, fmt.Errorf("%w: it must read %s.<key id>.<payload>.<signature>", ErrMalformed, version)
	case ver != version:
		return envelope{}, fmt.Errorf("%w: unknown version", ErrMalformed)
	case !validKeyID(kid):
		return envelope{}, fmt.Errorf("%w: the key id must match [a-z0-9-]{1,32}", ErrMalformed)
	case len(mac) != macChars || strings.IndexByte(wire, '\r') >= 0 || strings.IndexByte(wire, '\n') >= 0:
		return envelope{}, fmt.Errorf("%w: the signature is no base64url of %d bytes", ErrMalformed, sha256.Size)
	}
	e := envelope{signed: wire[:len(wire)-1-len(mac)], keyID: kid, payload: payload, macText: mac}
	if n, err := encoding.Decode(e.mac[:], []byte(mac)); err != nil || n != sha256.Size {
		return envelope{}, fmt.Errorf("%w: the signature is no base64url of %d bytes", ErrMalformed, sha256.Size)
	}
	return e, nil
}

// authentic compares the MAC in constant time.
func (e envelope) authentic(sum mac) bool {
	return hmac.Equal(sum(make([]byte, 0, sha256.Size), []byte(e.signed)), e.mac[:])
}

// decode reads the payload. Only the bytes that Sign writes pass: unknown, doubled and
// reordered fields, other spellings of a name or a text, white space and trailing data
// cannot be read, or differ once written again.
func (e envelope) decode() (UserPassport, error) {
	raw, err := encoding.DecodeString(e.payload)
	if err != nil {
		return UserPassport{}, fmt.Errorf("%w: the payload is no base64url", ErrMalformed)
	}
	if len(raw) > MaxPayload {
		return UserPassport{}, fmt.Errorf("%w: the payload has %d bytes, at most %d", ErrMalformed, len(raw), MaxPayload)
	}
	p, ok := parsePayload(string(raw))
	if !ok {
		return UserPassport{}, fmt.Errorf("%w: the payload is not in canonical form", ErrMalformed)
	}
	if err := p.validate(); err != nil {
		return UserPassport{}, err
	}
	var room [1024]byte // of most
	if !bytes.Equal(appendPayload(room[:0], p), raw) {
		return UserPassport{}, fmt.Errorf("%w: the payload is not in canonical form", ErrMalformed)
	}
	if p.KeyID != e.keyID {
		return UserPassport{}, fmt.Errorf("%w: key id and payload disagree", ErrMalformed)
	}
	p.Signature = e.macText
	return p, nil
}

// Inspect decodes a wire string WITHOUT verifying it: for people who look at one, never
// for a decision. It fails with ErrMalformed only.
func Inspect(wire string) (UserPassport, error) {
	e, err := split(wire)
	if err != nil {
		return UserPassport{}, err
	}
	return e.decode()
}
