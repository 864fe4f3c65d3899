package controlplane

import (
	"fmt"
	"os"

	"sigs.k8s.io/yaml"
)

// WriteKubeconfig writes a kubeconfig for this API server; user is the part that proves
// who is calling. An empty namespace is Kubernetes' default.
func (p Plan) WriteKubeconfig(path, namespace string, user map[string]any) error {
	scope := map[string]any{"cluster": "local", "user": "user"}
	if namespace != "" {
		scope["namespace"] = namespace
	}
	text, err := yaml.Marshal(map[string]any{
		"apiVersion": "v1",
		"kind":       "Config",
		"clusters": []any{map[string]any{"name": "local", "cluster": map[string]any{
			"server":                p.APIServerURL(),
			"certificate-authority": p.CAFile(),
		}}},
		"users":           []any{map[string]any{"name": "user", "user": user}},
		"contexts":        []any{map[string]any{"name": "local", "context": scope}},
		"current-context": "local",
	})
	if err != nil {
		return fmt.Errorf("render kubeconfig %s: %w", path, err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write kubeconfig: %w", err)
	}
	return nil
}

// WriteOIDCKubeconfig writes a kubeconfig whose user logs in through a credential plugin
// that fetches and refreshes tokens by itself.
func (p Plan) WriteOIDCKubeconfig(user, namespace string) error {
	return p.WriteKubeconfig(p.Dir.Kubeconfig(user), namespace, map[string]any{
		"exec": map[string]any{
			"apiVersion":         "client.authentication.k8s.io/v1",
			"command":            p.Dir.Bin("cluster"),
			"args":               []string{"credential", "--state", string(p.Dir), user},
			"interactiveMode":    "Never",
			"provideClusterInfo": false,
		},
	})
}
