package controlplane

import (
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"

	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/test/cluster/authn"
)

func (p Plan) writeConfiguration() error {
	authentication, err := authn.Render(p.Issuer)
	if err != nil {
		return err
	}
	encryption, err := encryption()
	if err != nil {
		return err
	}
	for path, text := range map[string][]byte{
		p.Dir.Config("authentication.yaml"): authentication,
		p.Dir.Config("audit.yaml"):          []byte(auditPolicy),
		p.Dir.Encryption():                  encryption,
	} {
		if err := os.WriteFile(path, text, 0o600); err != nil {
			return fmt.Errorf("write configuration: %w", err)
		}
	}
	return nil
}

// encryption has Secrets sealed before they reach etcd, under a key of this cluster.
// There is no identity provider in the list: nothing is ever read unsealed.
func encryption() ([]byte, error) {
	key := make([]byte, 32)
	if _, err := rand.Read(key); err != nil {
		return nil, fmt.Errorf("encryption key: %w", err)
	}
	return yaml.Marshal(map[string]any{
		"apiVersion": "apiserver.config.k8s.io/v1",
		"kind":       "EncryptionConfiguration",
		"resources": []any{map[string]any{
			"resources": []string{"secrets"},
			"providers": []any{map[string]any{"secretbox": map[string]any{
				"keys": []any{map[string]any{"name": "local", "secret": base64.StdEncoding.EncodeToString(key)}},
			}}},
		}},
	})
}

// auditPolicy records who did what to which object and what admission said about it,
// never a body: bodies hold Secrets, tokens and people's prompts.
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules:
# The cluster's own hum.
- level: None
  nonResourceURLs: ["/healthz*", "/livez*", "/readyz*", "/openapi/*", "/api", "/apis", "/api/*", "/apis/*"]
- level: None
  verbs: [get, list, watch]
  userGroups: ["system:nodes", "system:serviceaccounts:kube-system"]
- level: None
  verbs: [get, list, watch]
  users: ["system:apiserver", "system:kube-controller-manager", "system:kube-scheduler"]
- level: None
  resources:
  - group: coordination.k8s.io
    resources: [leases]
- level: Metadata
`
