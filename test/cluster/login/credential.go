package login

import (
	"encoding/json"
	"io"
	"time"
)

// Print writes tokens in the form that kubectl and client-go expect of a plugin. They ask
// again at the time given: when the token should be replaced, not when it ends.
func Print(out io.Writer, tokens Tokens) error {
	return json.NewEncoder(out).Encode(map[string]any{
		"apiVersion": "client.authentication.k8s.io/v1",
		"kind":       "ExecCredential",
		"status": map[string]any{
			"token":               tokens.ID,
			"expirationTimestamp": tokens.RefreshAt().UTC().Format(time.RFC3339),
		},
	})
}
