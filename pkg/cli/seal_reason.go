package cli

import (
	"strings"
	"time"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// suspicion says which passports are not good enough to inherit from.
type suspicion struct {
	// keys are nil for a caller who may not read them.
	keys *passport.Keyring
	// key is the id that the command line names, or "".
	key string
	now time.Time
}

// reason gives the word for why an object counts as unsealed, or "". With the keys it is
// what the gate would say of a child that inherits the passport.
func (s suspicion) reason(wire, namespace string) string {
	if wire == "" {
		return "no-passport"
	}
	p, err := passport.Inspect(wire)
	if err == nil && p.KeyID == s.key {
		return "named-key"
	}
	if err == nil && s.keys != nil {
		p, err = s.keys.Verify(wire, passport.AudienceAdmission, s.now)
	}
	if err == nil && p.Namespace != namespace {
		err = passport.ErrWrongObject
	}
	if err != nil {
		return passport.Reason(err)
	}
	return ""
}

// platforms reports whether a passport says, proved or not, that the platform wrote the
// object.
func (s suspicion) platforms(wire string) bool {
	p, err := passport.Inspect(wire)
	return err == nil && strings.HasPrefix(p.UserID, "platform:")
}
