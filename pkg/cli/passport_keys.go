package cli

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// fileKeys reads a keyring.json, or the whole Secret as YAML or JSON.
func fileKeys(env Env, path string) (*passport.Keyring, error) {
	raw, err := readFile(env, path)
	if err != nil {
		return nil, fmt.Errorf("read keys: %w", err)
	}
	// The YAML library's errors may quote the file, so none of them is shown.
	var secret corev1.Secret
	if yaml.Unmarshal(raw, &secret) == nil && secret.Kind == "Secret" {
		for name, text := range secret.StringData {
			if secret.Data == nil {
				secret.Data = map[string][]byte{}
			}
			secret.Data[name] = []byte(text)
		}
		k, err := passport.ParseSecretData(secret.Data)
		if err != nil {
			return nil, fmt.Errorf("read keys from the Secret in %s: %w", path, err)
		}
		return k, nil
	}
	k, err := passport.ParseKeyFile(raw)
	if err != nil {
		return nil, fmt.Errorf("read keys from %s: %w", path, err)
	}
	return k, nil
}

// liveKeys reads the Secret as the calling user, who must be allowed to.
func liveKeys(ctx context.Context, c *cluster, namespace string) (*passport.Keyring, error) {
	key := client.ObjectKey{Namespace: namespace, Name: passport.SecretName}
	var secret corev1.Secret
	if err := c.Get(ctx, key, &secret); err != nil {
		if unreadable(err) {
			return nil, fmt.Errorf("read keys: %w; only platform admins may read Secret %s, others need a key file (--keys)", err, key)
		}
		return nil, fmt.Errorf("read keys: %w", err)
	}
	k, err := passport.ParseSecretData(secret.Data)
	if err != nil {
		return nil, fmt.Errorf("read keys from Secret %s: %w", key, err)
	}
	return k, nil
}
