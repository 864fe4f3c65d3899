package main

import (
	"context"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"

	"gatehouse.dev/gatehouse/test/local"
)

// side is one way to send a write: a dry run, so that nothing piles up.
type side func(ctx context.Context) error

// pair is one write, without and with Gatehouse in front.
type pair struct {
	name          string
	without, with side
}

const (
	hers    = "claude-runner-user-alice"
	nobodys = "load-without"
)

const (
	fifteenInCEL = "fifteen rules in CEL"
	fifteenAlone = "the same fifteen in Gatehouse's validating webhook"
)

// writes prepares the cases.
func writes(ctx context.Context, c *local.Cluster) ([]pair, error) {
	admin, err := client(c, "admin")
	if err != nil {
		return nil, err
	}
	alice, err := client(c, "alice")
	if err != nil {
		return nil, err
	}
	var pairs []pair
	for _, w := range []struct {
		name     string
		resource schema.GroupVersionResource
		object   *unstructured.Unstructured
	}{
		{"create a ConfigMap", schema.GroupVersionResource{Version: "v1", Resource: "configmaps"},
			object("v1", "ConfigMap", "load", map[string]any{"data": map[string]any{"a": "b"}})},
		{"create a Pod", schema.GroupVersionResource{Version: "v1", Resource: "pods"}, object("v1", "Pod", "load", pod())},
		{"create a ResearchSession", schema.GroupVersionResource{Group: "research.example.com", Version: "v1", Resource: "researchsessions"},
			object("research.example.com/v1", "ResearchSession", "load", map[string]any{"spec": map[string]any{"prompt": "Look", "websiteURL": "https://example.com"}})},
	} {
		nothing := dryRun(admin.Resource(w.resource).Namespace(nobodys), w.object)
		for _, rival := range []struct {
			name string
			side side
		}{
			{"two webhooks that allow everything", dryRun(admin.Resource(w.resource).Namespace(withFloor), w.object)},
			{fifteenInCEL, dryRun(admin.Resource(w.resource).Namespace(withCEL), w.object)},
			{fifteenAlone, dryRun(admin.Resource(w.resource).Namespace(withFifteen), w.object)},
			{"Gatehouse", dryRun(alice.Resource(w.resource).Namespace(hers), w.object)},
		} {
			if (rival.name == fifteenInCEL || rival.name == fifteenAlone) && w.object.GetKind() != "Pod" {
				continue // they are about Pods
			}
			pairs = append(pairs, pair{name: w.name + ": " + rival.name, without: nothing, with: rival.side})
		}
	}
	return pairs, nil
}

func client(c *local.Cluster, user string) (dynamic.Interface, error) {
	config, err := c.As(user)
	if err != nil {
		return nil, err
	}
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", user, err)
	}
	return d, nil
}

func dryRun(resource dynamic.ResourceInterface, object *unstructured.Unstructured) side {
	return func(ctx context.Context) error {
		_, err := resource.Create(ctx, object.DeepCopy(), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		if err != nil {
			return fmt.Errorf("dry run of %s: %w", object.GetKind(), err)
		}
		return nil
	}
}

func object(apiVersion, kind, name string, rest map[string]any) *unstructured.Unstructured {
	o := &unstructured.Unstructured{Object: map[string]any{}}
	for key, value := range rest {
		o.Object[key] = value
	}
	o.SetAPIVersion(apiVersion)
	o.SetKind(kind)
	o.SetName(name)
	return o
}

// pod is one that all rules allow as it is.
func pod() map[string]any {
	amounts := map[string]any{"cpu": "10m", "memory": "16Mi"}
	return map[string]any{"spec": map[string]any{"containers": []any{map[string]any{
		"name": "c", "image": "registry.k8s.io/pause:3.10",
		"resources": map[string]any{"requests": amounts, "limits": amounts},
		"securityContext": map[string]any{
			"allowPrivilegeEscalation": false, "readOnlyRootFilesystem": true, "runAsNonRoot": true, "runAsUser": int64(1000),
			"capabilities": map[string]any{"drop": []any{"ALL"}}, "seccompProfile": map[string]any{"type": "RuntimeDefault"},
		},
	}}}}
}
