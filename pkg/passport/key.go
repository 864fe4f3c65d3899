package passport

import (
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// State is where a key stands in its life.
type State string

// The states, in the order of a key's life. All but revoked keys verify.
const (
	// Pending keys are published so that every verifier knows them before the first
	// passport under them appears.
	Pending State = "pending"
	// Active is the one key that signs.
	Active State = "active"
	// VerifyOnly keys have signed and are retired.
	VerifyOnly State = "verify"
	// Revoked keys are refused by name.
	Revoked State = "revoked"
)

// MinSecret is the shortest secret of a key, in bytes.
const MinSecret = 32

// maxKeyID is the longest key id.
const maxKeyID = 32

// Key is one signing key. Printing, logging or encoding it shows id and state, never
// the secret.
type Key struct {
	// ID matches [a-z0-9-]{1,32}.
	ID string
	// Secret has at least MinSecret bytes; a revoked key may have none.
	Secret []byte
	State  State
	// Created is when the key was made, to the second; zero if not known.
	Created time.Time
}

// NewKey draws a pending key. Its id begins with the day, so that people see its age.
func NewKey(now time.Time) (Key, error) {
	var secret [MinSecret]byte
	var tail [4]byte
	for _, b := range [][]byte{secret[:], tail[:]} {
		if _, err := rand.Read(b); err != nil {
			return Key{}, fmt.Errorf("draw a signing key: %w", err)
		}
	}
	now = now.UTC().Truncate(time.Second)
	return Key{
		ID:      now.Format("20060102") + "-" + hex.EncodeToString(tail[:]),
		Secret:  secret[:],
		State:   Pending,
		Created: now,
	}, nil
}

// String shows id and state.
func (k Key) String() string { return "key " + k.ID + " (" + string(k.State) + ")" }

// GoString shows id and state.
func (k Key) GoString() string { return "passport.Key{" + k.ID + ", " + string(k.State) + "}" }

// Format answers every verb with String: %d or %x of a struct would print the secret.
func (k Key) Format(f fmt.State, verb rune) {
	text := k.String()
	if verb == 'v' && f.Flag('#') {
		text = k.GoString()
	}
	_, _ = io.WriteString(f, text)
}

// LogValue shows id and state.
func (k Key) LogValue() slog.Value { return slog.StringValue(k.String()) }

// MarshalJSON shows id and state. The key file is written by Keyring.SecretData.
func (k Key) MarshalJSON() ([]byte, error) {
	return json.Marshal(map[string]string{"id": k.ID, "state": string(k.State)})
}

// validKeyID reports whether s matches [a-z0-9-]{1,32}.
func validKeyID(s string) bool {
	if len(s) == 0 || len(s) > maxKeyID {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
