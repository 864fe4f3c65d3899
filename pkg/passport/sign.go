package passport

import (
	"crypto/sha256"
	"fmt"
)

// Sign gives the wire form of the passport under the active key. It fills in Version
// and KeyID, sorts Groups and Permissions, and drops Object.GenerateName where there is
// a Name. Without an active key it fails with ErrNoKey; a passport that Verify would
// refuse is not signed: ErrMalformed, or ErrTooLarge.
func (k *Keyring) Sign(p UserPassport) (string, error) {
	if k == nil || k.active == nil {
		return "", ErrNoKey
	}
	p.Version, p.KeyID, p.Signature = version, k.active.public.ID, ""
	p.Groups, p.Permissions = sorted(p.Groups), sorted(p.Permissions)
	if len(p.Groups) > MaxGroups {
		return "", fmt.Errorf("sign a passport: %w: %d groups, at most %d", ErrTooLarge, len(p.Groups), MaxGroups)
	}
	if p.Object.Name != "" {
		p.Object.GenerateName = ""
	}
	if err := p.validate(); err != nil {
		return "", fmt.Errorf("sign a passport: %w", err)
	}
	payload := appendPayload(make([]byte, 0, 1024), p)
	if len(payload) > MaxPayload {
		return "", fmt.Errorf("sign a passport: %w: the payload has %d bytes, at most %d", ErrTooLarge, len(payload), MaxPayload)
	}
	size := len(version) + len(p.KeyID) + encoding.EncodedLen(len(payload)) + macChars + 3
	wire := append(make([]byte, 0, size), version+"."...)
	wire = append(wire, p.KeyID...)
	wire = append(wire, '.')
	wire = encoding.AppendEncode(wire, payload)
	sum := k.active.macOf(p.Audience)(make([]byte, 0, sha256.Size), wire)
	wire = append(wire, '.')
	return string(encoding.AppendEncode(wire, sum)), nil
}
