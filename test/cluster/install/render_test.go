package install

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

const manifests = `apiVersion: v1
kind: Namespace
metadata: {name: claude-runner-system}
---
apiVersion: v1
kind: Service
metadata: {name: gatehouse-webhook, namespace: claude-runner-system}
---
# nothing but a comment
---
apiVersion: v1
kind: Service
metadata: {name: other, namespace: elsewhere}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gatehouse-webhook, namespace: claude-runner-system}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: text, namespace: claude-runner-system}
data:
  doc: |
    a: 1
    ---
    b: 2
---
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingWebhookConfiguration
metadata: {name: gatehouse}
webhooks:
- name: tenant.gatehouse.dev
  clientConfig:
    service: {name: gatehouse-webhook, namespace: claude-runner-system, path: /validate/tenant}
- name: guests.gatehouse.dev
  clientConfig:
    service: {name: gatehouse-webhook, namespace: claude-runner-system, path: /validate/guests, port: 443}
- name: elsewhere
  clientConfig: {url: "https://example.com/x"}
`

func TestLocal(t *testing.T) {
	objects, err := Parse(manifests)
	if err != nil {
		t.Fatal(err)
	}
	local := Local(objects, "https://localhost:20500")
	var names []string
	urls := map[string]string{}
	for _, object := range local {
		names = append(names, api.Name(object))
		webhooks, _ := object["webhooks"].([]any)
		for _, webhook := range webhooks {
			if api.Field(webhook, "clientConfig", "service") != nil {
				t.Errorf("webhook %s still names a Service", api.String(webhook, "name"))
			}
			urls[api.String(webhook, "name")] = api.String(webhook, "clientConfig", "url")
		}
	}
	wantNames := []string{
		"Namespace claude-runner-system", "Service elsewhere/other",
		"ConfigMap claude-runner-system/text", "ValidatingWebhookConfiguration gatehouse",
	}
	if diff := cmp.Diff(wantNames, names); diff != "" {
		t.Errorf("kept other objects (-want +got):\n%s", diff)
	}
	wantURLs := map[string]string{
		"tenant.gatehouse.dev": "https://localhost:20500/validate/tenant",
		"guests.gatehouse.dev": "https://localhost:20500/validate/guests",
		"elsewhere":            "https://example.com/x",
	}
	if diff := cmp.Diff(wantURLs, urls); diff != "" {
		t.Errorf("webhooks point elsewhere (-want +got):\n%s", diff)
	}
}

func TestParseRefusesRubbish(t *testing.T) {
	if _, err := Parse("a: [1\n---\nb: 2\n"); err == nil {
		t.Fatal("broken YAML was read")
	}
}
