package apiserver

import (
	"context"
	"fmt"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

const raceSession = `
apiVersion: research.example.com/v1
kind: ResearchSession
metadata: {}
spec: {prompt: "round %d", websiteURL: "https://example.com", llmSettings: {model: claude-sonnet}, timeout: 300}
`

var (
	usages = schema.GroupVersionResource{Group: "gatehouse.dev", Version: "v1alpha1", Resource: "usages"}
)

func raceTenant(i int) string    { return fmt.Sprintf("racer-%d", i) }
func raceNamespace(i int) string { return "claude-runner-user-" + raceTenant(i) }

// raceUser is one tenant's owner, as the admin plays her.
func raceUser(c *cluster, i int) dynamic.Interface {
	return dynamicFor(played(c.as("admin").config, "local:"+raceTenant(i)))
}

// played is a connection on which the admin acts as somebody else.
func played(admin *rest.Config, user string) *rest.Config {
	config := rest.CopyConfig(admin)
	config.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"gatehouse:users", "system:authenticated"}}
	config.QPS, config.Burst = -1, 0
	config.WarningHandlerWithContext = rest.NoWarnings{}
	return config
}

// raceOrganization makes an organization of twenty tenants with places for a hundred
// sessions in all.
func raceOrganization(ctx context.Context, admin *user) {
	GinkgoHelper()
	organizationOf(ctx, admin, "race", raceTenants, raceTenant, fmt.Sprintf(`[{dimension: sessions, amount: %d}]`, raceLimit))
}

// organizationOf makes an organization of tier enterprise and its tenants, and waits until
// they are Ready.
func organizationOf(ctx context.Context, admin *user, name string, count int, tenant func(int) string, total string) {
	GinkgoHelper()
	_, err := admin.create(ctx, "", fmt.Sprintf(`
apiVersion: gatehouse.dev/v1alpha1
kind: Organization
metadata: {name: %s}
spec:
  displayName: Quota
  members: [{group: "local:%s"}]
  tiers: [enterprise]
  models: [{name: claude-sonnet}]
  limits: {total: %s}
`, name, name, total))
	Expect(err).NotTo(HaveOccurred())
	_, err = admin.create(ctx, "", fmt.Sprintf(`
apiVersion: gatehouse.dev/v1alpha1
kind: OrganizationSettings
metadata: {name: %s}
spec: {grants: [{role: member, models: [claude-sonnet]}]}
`, name))
	Expect(err).NotTo(HaveOccurred())
	for i := range count {
		_, err := admin.create(ctx, "", fmt.Sprintf(`
apiVersion: gatehouse.dev/v1alpha1
kind: Tenant
metadata: {name: %s}
spec: {owner: {user: "local:%s"}, organization: %s, tier: enterprise}
`, tenant(i), tenant(i), name))
		Expect(err).NotTo(HaveOccurred())
	}
	for i := range count {
		Eventually(func() (string, error) {
			t, err := admin.dynamic.Resource(tenants).Get(ctx, tenant(i), metav1.GetOptions{})
			if err != nil {
				return "", err
			}
			return conditionOf(t, "Ready"), nil
		}).WithContext(ctx).WithTimeout(slack*20*time.Second).WithPolling(100*time.Millisecond).Should(Equal("True"), tenant(i))
	}
}

func conditionOf(o *unstructured.Unstructured, kind string) string {
	list, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
	for _, c := range list {
		if condition, _ := c.(map[string]any); condition["type"] == kind {
			return fmt.Sprint(condition["status"])
		}
	}
	return ""
}

// liveCount follows how many sessions are stored and not over, by a watch.
type liveCount struct {
	mu   sync.Mutex
	live map[string]bool
	most int
	stop func()
}

func countLive(ctx context.Context, admin *user) *liveCount {
	GinkgoHelper()
	w, err := admin.dynamic.Resource(sessions).Watch(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	l := &liveCount{live: map[string]bool{}, stop: w.Stop}
	go func() {
		for event := range w.ResultChan() {
			if o, ok := event.Object.(*unstructured.Unstructured); ok {
				l.see(event.Type, o)
			}
		}
	}()
	return l
}

func (l *liveCount) see(event watch.EventType, o *unstructured.Unstructured) {
	l.mu.Lock()
	defer l.mu.Unlock()
	phase, _, _ := unstructured.NestedString(o.Object, "status", "phase")
	over := map[string]bool{"Completed": true, "Failed": true, "Stopped": true, "Error": true}[phase]
	if event == watch.Deleted || over {
		delete(l.live, string(o.GetUID()))
		return
	}
	l.live[string(o.GetUID())] = true
	l.most = max(l.most, len(l.live))
}

func (l *liveCount) now() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.live)
}

func (l *liveCount) peak() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.most
}

// domainHolds is what a ledger has of sessions: settled, and in entries.
func domainHolds(ctx context.Context, admin *user, ledger string) (settled, open int64) {
	l, err := admin.dynamic.Resource(ledgers).Get(ctx, ledger, metav1.GetOptions{})
	if err != nil {
		return -1, -1
	}
	of := func(list []any) (sum int64) {
		for _, a := range list {
			amount, _ := a.(map[string]any)
			if amount["dimension"] == "sessions" {
				q := resource.MustParse(fmt.Sprint(amount["amount"]))
				sum += q.Value()
			}
		}
		return sum
	}
	sections, _, _ := unstructured.NestedSlice(l.Object, "spec", "sections")
	for _, s := range sections {
		section, _ := s.(map[string]any)
		list, _, _ := unstructured.NestedSlice(section, "settled")
		settled += of(list)
		entries, _, _ := unstructured.NestedSlice(section, "entries")
		for _, e := range entries {
			entry, _ := e.(map[string]any)
			list, _, _ := unstructured.NestedSlice(entry, "amounts")
			open += of(list)
		}
	}
	return settled, open
}

// clearRace deletes the racers' sessions and waits until their Pods are gone too.
func clearRace(ctx context.Context, admin *user) error {
	for i := range raceTenants {
		r := admin.dynamic.Resource(sessions).Namespace(raceNamespace(i))
		if err := r.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
			return err
		}
	}
	for {
		left := 0
		for i := range raceTenants {
			pods, err := admin.kube.CoreV1().Pods(raceNamespace(i)).List(ctx, metav1.ListOptions{})
			if err != nil {
				return err
			}
			left += len(pods.Items)
		}
		if left == 0 || ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(200 * time.Millisecond)
	}
}
