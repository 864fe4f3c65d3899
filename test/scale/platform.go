package main

import (
	"context"
	"fmt"
	"io"
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

func kind(resource string) schema.GroupVersionResource {
	return schema.GroupVersionResource{Group: "gatehouse.dev", Version: "v1alpha1", Resource: resource}
}

var sessions = schema.GroupVersionResource{Group: "research.example.com", Version: "v1", Resource: "researchsessions"}

// platform is the cluster with its many tenants.
type platform struct {
	options
	cluster *local.Cluster
	config  *rest.Config
	dynamic dynamic.Interface
	kube    kubernetes.Interface
	told    io.Writer
}

func newPlatform(c *local.Cluster, o options, told io.Writer) (*platform, error) {
	config, err := c.As("admin")
	if err != nil {
		return nil, err
	}
	p := &platform{options: o, cluster: c, config: config, told: told}
	if p.dynamic, err = dynamic.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	if p.kube, err = kubernetes.NewForConfig(config); err != nil {
		return nil, fmt.Errorf("client: %w", err)
	}
	return p, nil
}

func (p *platform) say(format string, values ...any) {
	_, _ = fmt.Fprintf(p.told, format+"\n", values...)
}

func tenant(i int) string    { return fmt.Sprintf("scale-%d", i) }
func namespace(i int) string { return "claude-runner-user-" + tenant(i) }

// as is a tenant's owner, as the admin plays her.
func (p *platform) as(i int) (dynamic.Interface, error) {
	config := rest.CopyConfig(p.config)
	config.Impersonate = rest.ImpersonationConfig{UserName: "local:" + tenant(i), Groups: []string{"gatehouse:users", "system:authenticated"}}
	d, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", tenant(i), err)
	}
	return d, nil
}

// prepare makes a tier with the limit, organizations and tenants, and waits until all are
// Ready.
func (p *platform) prepare(ctx context.Context) error {
	p.say("making %d tenants in %d organizations ...", p.users, p.organizations)
	tier, err := p.dynamic.Resource(kind("tiers")).Get(ctx, "enterprise", metav1.GetOptions{})
	if err != nil {
		return fmt.Errorf("tier enterprise: %w", err)
	}
	limits, _, _ := unstructured.NestedSlice(tier.Object, "spec", "limits")
	for _, l := range limits {
		if limit, _ := l.(map[string]any); limit["dimension"] == "sessions" {
			limit["amount"] = int64(p.sessions)
		}
	}
	scaled := &unstructured.Unstructured{Object: map[string]any{"apiVersion": "gatehouse.dev/v1alpha1", "kind": "Tier",
		"metadata": map[string]any{"name": "scale"}, "spec": tier.Object["spec"]}}
	if err := unstructured.SetNestedSlice(scaled.Object, limits, "spec", "limits"); err != nil {
		return fmt.Errorf("tier scale: %w", err)
	}
	if _, err := p.dynamic.Resource(kind("tiers")).Create(ctx, scaled, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("tier scale: %w", err)
	}
	for i := range p.organizations {
		if err := p.organization(ctx, fmt.Sprintf("scale-%d", i), "scale"); err != nil {
			return err
		}
	}
	for i := range p.users {
		if err := p.tenant(ctx, tenant(i), fmt.Sprintf("scale-%d", i%p.organizations), "scale"); err != nil {
			return err
		}
	}
	return p.wait(ctx, "tenants are Ready", p.users, func() (int, error) {
		list, err := p.dynamic.Resource(kind("tenants")).List(ctx, metav1.ListOptions{})
		if err != nil {
			return 0, fmt.Errorf("list tenants: %w", err)
		}
		ready := 0
		for _, t := range list.Items {
			conditions, _, _ := unstructured.NestedSlice(t.Object, "status", "conditions")
			for _, c := range conditions {
				if condition, _ := c.(map[string]any); condition["type"] == "Ready" && condition["status"] == "True" && strings.HasPrefix(t.GetName(), "scale") {
					ready++
				}
			}
		}
		return ready, nil
	})
}

// organization makes one whose members may have the tier.
func (p *platform) organization(ctx context.Context, name, tier string) error {
	if err := p.create(ctx, "organizations", fmt.Sprintf(`{kind: Organization, metadata: {name: %s},
		spec: {displayName: Scale, members: [{group: "local:%s"}], tiers: [%s], models: [{name: claude-sonnet}]}}`, name, name, tier)); err != nil {
		return err
	}
	return p.create(ctx, "organizationsettings", fmt.Sprintf(`{kind: OrganizationSettings, metadata: {name: %s},
		spec: {grants: [{role: member, models: [claude-sonnet]}]}}`, name))
}

func (p *platform) tenant(ctx context.Context, name, organization, tier string) error {
	return p.create(ctx, "tenants", fmt.Sprintf(`{kind: Tenant, metadata: {name: %s},
		spec: {owner: {user: "local:%s"}, organization: %s, tier: %s}}`, name, name, organization, tier))
}

func (p *platform) create(ctx context.Context, resource, manifest string) error {
	o := &unstructured.Unstructured{}
	if err := yaml.Unmarshal([]byte(manifest), &o.Object); err != nil {
		return fmt.Errorf("manifest of %s: %w", resource, err)
	}
	o.SetAPIVersion("gatehouse.dev/v1alpha1")
	if _, err := p.dynamic.Resource(kind(resource)).Create(ctx, o, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("%s %s: %w", o.GetKind(), o.GetName(), err)
	}
	return nil
}

// longest is how long anything may take; the figures say how long it took.
const longest = 15 * time.Minute

// wait asks until there are as many as wanted, and tells how long that took.
func (p *platform) wait(ctx context.Context, what string, want int, ask func() (int, error)) error {
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	began, last := time.Now(), -1
	for {
		have, err := ask()
		if err != nil {
			return err
		}
		if have == want {
			p.say("%d %s after %.1f s", have, what, time.Since(began).Seconds())
			return nil
		}
		if have != last {
			last = have
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("%d of %d %s: %w", last, want, what, ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}
