package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/test/local"
)

var sessions = schema.GroupVersionResource{Group: "research.example.com", Version: "v1", Resource: "researchsessions"}

func ours(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "gatehouse.dev", Version: "v1alpha1", Resource: resource}
}

// bench is the prepared cluster.
type bench struct {
	options
	cluster *local.Cluster
	config  *rest.Config
	dynamic dynamic.Interface
	kube    kubernetes.Interface
	told    io.Writer
}

// The prefixes of namespaces of nobody's: with nothing in front, and with the floor.
const (
	plain  = "plain-"
	behind = "floored-"
)

func newBench(ctx context.Context, c *local.Cluster, o options, told io.Writer) (*bench, error) {
	config, err := c.As("admin")
	if err != nil {
		return nil, err
	}
	b := &bench{options: o, cluster: c, config: config, told: told}
	if b.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if b.kube, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if err := b.runNothing(ctx); err != nil {
		return nil, err
	}
	return b, b.prepare(ctx)
}

// runNothing has the provisioner leave sessions alone: what is measured is the way to a
// place, not what is done with it.
func (b *bench) runNothing(ctx context.Context) error {
	file := b.cluster.File("config", "gatehouse.yaml")
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	off := bytes.Replace(text, []byte("sessions:\n  enabled: true"), []byte("sessions:\n  enabled: false"), 1)
	if bytes.Equal(off, text) {
		return fmt.Errorf("%s does not say sessions: enabled: true", file)
	}
	if err := os.WriteFile(file, off, 0o644); err != nil {
		return fmt.Errorf("configuration: %w", err)
	}
	for _, verb := range []string{"stop", "start"} {
		if out, err := b.cluster.Command(ctx, verb, "provisioner-0").CombinedOutput(); err != nil {
			return fmt.Errorf("%s the provisioner: %w: %s", verb, err, out)
		}
	}
	return nil
}

// prepare makes tenants of one organization and of twenty, whose ResourceQuota does not
// count sessions, and plain namespaces whose ResourceQuota does.
func (b *bench) prepare(ctx context.Context) error {
	_, _ = fmt.Fprintf(b.told, "making %d tenants and %d plain namespaces ...\n", 2*b.tenants+1, 2*b.tenants+1)
	tier, err := b.dynamic.Resource(ours("tiers")).Get(ctx, "enterprise", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("tier enterprise: %w", err)
	}
	limits, _, _ := unstructured.NestedSlice(tier.Object, "spec", "limits")
	for _, l := range limits {
		limit, _ := l.(map[string]any)
		switch limit["dimension"] {
		case "sessions":
			limit["amount"] = int64(1000000)
		case "stored-sessions":
			limit["amount"] = "unlimited"
		}
	}
	if err := unstructured.SetNestedSlice(tier.Object, limits, "spec", "limits"); err != nil {
		return fmt.Errorf("tier bench: %w", err)
	}
	bare := &unstructured.Unstructured{Object: map[string]any{"kind": "Tier", "apiVersion": "gatehouse.dev/v1alpha1", "metadata": map[string]any{"name": "bench"}, "spec": tier.Object["spec"]}}
	if _, err := b.dynamic.Resource(ours("tiers")).Create(ctx, bare, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("tier bench: %w", err)
	}
	if err := b.organization(ctx, "hot", []string{"hot"}); err != nil {
		return err
	}
	if err := b.organization(ctx, "one", names("one", 0, b.tenants)); err != nil {
		return err
	}
	const many = 20
	for i := range many {
		if err := b.organization(ctx, fmt.Sprintf("many-%d", i), names("many", i*b.tenants/many, (i+1)*b.tenants/many)); err != nil {
			return err
		}
	}
	for i := range b.tenants + 1 {
		if err := b.plain(ctx, fmt.Sprintf("%s%d", plain, i), nil); err != nil {
			return err
		}
	}
	for i := range b.tenants {
		if err := b.plain(ctx, fmt.Sprintf("%s%d", behind, i), floored); err != nil {
			return err
		}
	}
	return b.ready(ctx)
}

func names(prefix string, from, to int) []string {
	var out []string
	for i := from; i < to; i++ {
		out = append(out, fmt.Sprintf("%s-t%d", prefix, i))
	}
	return out
}

func (b *bench) create(ctx context.Context, resource, manifest string) error {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		return fmt.Errorf("manifest of %s: %w", resource, err)
	}
	o.SetAPIVersion("gatehouse.dev/v1alpha1")
	if _, err := b.dynamic.Resource(ours(resource)).Create(ctx, o, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return nil
}

func (b *bench) organization(ctx context.Context, name string, tenants []string) error {
	if err := b.create(ctx, "organizations", fmt.Sprintf(`{kind: Organization, metadata: {name: %s}, spec: {displayName: Bench, members: [{group: "local:%s"}],
		tiers: [bench], models: [{name: claude-sonnet}], limits: {total: [{dimension: sessions, amount: 1000000}]}}}`, name, name)); err != nil {
		return err
	}
	if err := b.create(ctx, "organizationsettings", fmt.Sprintf(`{kind: OrganizationSettings, metadata: {name: %s}, spec: {grants: [{role: member, models: [claude-sonnet]}]}}`, name)); err != nil {
		return err
	}
	for _, t := range tenants {
		if err := b.create(ctx, "tenants", fmt.Sprintf(`{kind: Tenant, metadata: {name: %s}, spec: {owner: {user: "local:%s"}, organization: %s, tier: bench}}`, t, t, name)); err != nil {
			return err
		}
	}
	return nil
}

// ready waits for every tenant, and until the ResourceQuotas of plain namespaces count.
func (b *bench) ready(ctx context.Context) error {
	for ctx.Err() == nil {
		list, err := b.dynamic.Resource(ours("tenants")).List(ctx, metav1.ListOptions{})
		if err != nil {
			return fmt.Errorf("list tenants: %w", err)
		}
		waiting := 0
		for _, t := range list.Items {
			if raw, err := t.MarshalJSON(); err != nil || !bytes.Contains(raw, []byte(`"type":"Ready"`)) || !readyIn(t) {
				waiting++
			}
		}
		quotas, err := b.kube.CoreV1().ResourceQuotas("").List(ctx, metav1.ListOptions{LabelSelector: "bench=plain"})
		if err != nil {
			return fmt.Errorf("list resource quotas: %w", err)
		}
		for _, q := range quotas.Items {
			if _, counted := q.Status.Used[sessionCount]; !counted {
				waiting++
			}
		}
		if waiting == 0 {
			return nil
		}
		time.Sleep(time.Second)
	}
	return ctx.Err()
}

func readyIn(t unstructured.Unstructured) bool {
	conditions, _, _ := unstructured.NestedSlice(t.Object, "status", "conditions")
	for _, c := range conditions {
		if condition, _ := c.(map[string]any); condition["type"] == "Ready" {
			return condition["status"] == "True"
		}
	}
	return false
}

func tenantNamespace(name string) string { return "claude-runner-user-" + name }

// as is a tenant's owner, or for a plain namespace the admin.
func (b *bench) as(namespace string) (dynamic.Interface, error) {
	config := rest.CopyConfig(b.config)
	if name, found := strings.CutPrefix(namespace, tenantNamespace("")); found {
		config.Impersonate = rest.ImpersonationConfig{UserName: "local:" + name, Groups: []string{"gatehouse:users", "system:authenticated"}}
	}
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", namespace, err)
	}
	return d, nil
}
