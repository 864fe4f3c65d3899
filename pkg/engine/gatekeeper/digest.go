package gatekeeper

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
)

// digestOf names values by their JSON, in which keys are sorted.
func digestOf(values ...any) string {
	raw, err := json.Marshal(values)
	if err != nil {
		// Only what was read from JSON comes here; what cannot be named is equal to nothing.
		return ""
	}
	sum := sha256.Sum256(raw)
	return hex.EncodeToString(sum[:])
}
