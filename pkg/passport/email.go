package passport

import (
	"crypto/sha256"
	"encoding/hex"
	"strings"
)

// emailHashPrefix marks a hash where an address could stand.
const emailHashPrefix = "sha256:"

// HashEmail gives sha256:<64 hex digits> of the address in lower case, so that whoever
// knows an address can recognize it; "" stays "", and a hash stays what it is. It keeps
// addresses out of sight; it does not keep a guess from being checked.
func HashEmail(address string) string {
	if address == "" || isEmailHash(address) {
		return address
	}
	sum := sha256.Sum256([]byte(strings.ToLower(address)))
	return emailHashPrefix + hex.EncodeToString(sum[:])
}

func isEmailHash(s string) bool {
	digits, ok := strings.CutPrefix(s, emailHashPrefix)
	raw, err := hex.DecodeString(digits)
	return ok && err == nil && len(raw) == sha256.Size && strings.ToLower(digits) == digits
}
