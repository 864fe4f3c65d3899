package tenant

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

const (
	maxID       = 40
	maxReadable = 22
	hashDigits  = 16
)

// Split parts a username into issuer alias and sub. ok is false when either is empty.
func Split(username string) (alias, sub string, ok bool) {
	alias, sub, found := strings.Cut(username, ":")
	return alias, sub, found && alias != "" && sub != ""
}

// ID maps a username, <issuer alias>:<sub>, to the tenant's name, at most 40
// characters. The map is injective: a sub of the primary issuer that is DNS-safe and
// has no "--" is the id itself; everything else is <readable>--<16 hex digits of
// sha256(username)>, and the "--" keeps the two forms apart.
func ID(username, primaryAlias string) string {
	alias, sub, ok := Split(username)
	if ok && alias == primaryAlias && len(sub) <= maxID && dnsSafe(sub) && !strings.Contains(sub, "--") {
		return sub
	}
	sum := sha256.Sum256([]byte(username))
	return readable(sub) + "--" + hex.EncodeToString(sum[:])[:hashDigits]
}

func dnsSafe(s string) bool {
	if s == "" || s[0] == '-' || s[len(s)-1] == '-' {
		return false
	}
	for i := range len(s) {
		if c := s[i]; c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			return false
		}
	}
	return true
}

// readable keeps of a sub what a person recognizes; identity rests on the hash alone.
func readable(sub string) string {
	var b strings.Builder
	dash := false
	for _, r := range strings.ToLower(sub) {
		if (r >= 'a' && r <= 'z') || (r >= '0' && r <= '9') {
			if dash && b.Len() > 0 {
				b.WriteByte('-')
			}
			dash = false
			b.WriteRune(r)
		} else {
			dash = true
		}
		if b.Len() >= maxReadable {
			break
		}
	}
	s := b.String()
	if len(s) > maxReadable {
		s = s[:maxReadable]
	}
	if s = strings.Trim(s, "-"); s == "" {
		return "user"
	}
	return s
}
