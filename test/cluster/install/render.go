// Package install puts Gatehouse's objects into a cluster: it renders config/default as
// any administrator would, leaves out what needs kubelets, points the webhooks at
// loopback and applies the rest. It may import api and a YAML decoder.
package install

import (
	"context"
	"fmt"
	"os/exec"
	"strings"

	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

// SystemNamespace is where Gatehouse lives.
const SystemNamespace = "claude-runner-system"

// Render runs kubectl kustomize over a folder.
func Render(ctx context.Context, kubectl, dir string) ([]api.Object, error) {
	cmd := exec.CommandContext(ctx, kubectl, "kustomize", dir)
	var complaint strings.Builder
	cmd.Stderr = &complaint
	text, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("render %s: %w: %s", dir, err, strings.TrimSpace(complaint.String()))
	}
	objects, err := Parse(string(text))
	if err != nil {
		return nil, fmt.Errorf("render %s: %w", dir, err)
	}
	return objects, nil
}

// Parse reads YAML documents; empty ones are skipped.
func Parse(text string) ([]api.Object, error) {
	var objects []api.Object
	for document := range strings.SplitSeq("\n"+text, "\n---") {
		object := api.Object{}
		if err := yaml.Unmarshal([]byte(document), &object); err != nil {
			return nil, fmt.Errorf("read manifest: %w", err)
		}
		if len(object) > 0 {
			objects = append(objects, object)
		}
	}
	return objects, nil
}

// needKubelets are the kinds of the system namespace that mean nothing to servers
// running as plain processes.
var needKubelets = map[string]bool{
	"Deployment": true, "Service": true, "PodDisruptionBudget": true, "NetworkPolicy": true,
}

// Local makes the objects fit a cluster whose webhooks answer at url (https://host:port).
func Local(objects []api.Object, url string) []api.Object {
	var kept []api.Object
	for _, object := range objects {
		kind := api.String(object, "kind")
		if needKubelets[kind] && api.String(object, "metadata", "namespace") == SystemNamespace {
			continue
		}
		if strings.HasSuffix(kind, "WebhookConfiguration") {
			rewrite(object, url)
		}
		kept = append(kept, object)
	}
	return kept
}

// rewrite points every webhook that names a Service at url and the Service's path.
func rewrite(configuration api.Object, url string) {
	webhooks, _ := configuration["webhooks"].([]any)
	for _, webhook := range webhooks {
		client, _ := api.Field(webhook, "clientConfig").(api.Object)
		service, isService := client["service"].(api.Object)
		if !isService {
			continue
		}
		client["url"] = url + api.String(service, "path")
		delete(client, "service")
	}
}
