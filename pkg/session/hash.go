package session

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
)

// specHash is the hash of what a session is started with. displayName is the runner's to
// change while it runs, and stopped is no change of what was asked.
func specHash(spec researchv1.ResearchSessionSpec) (string, error) {
	spec.DisplayName, spec.Stopped = "", nil
	data, err := json.Marshal(spec)
	if err != nil {
		return "", fmt.Errorf("hash of the spec: %w", err)
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16]), nil
}
