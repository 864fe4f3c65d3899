package apiserver

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// guards are a tenant namespace's labels and the specs of what stands in it.
type guards struct {
	Labels   map[string]string
	Made     string // for which Tenant, by UID
	Quotas   map[string]corev1.ResourceQuotaSpec
	Ranges   map[string]corev1.LimitRangeSpec
	Policies map[string]networkingv1.NetworkPolicySpec
	Bindings map[string][]rbacv1.Subject
	// Accounts by name, and whether they mount a token.
	Accounts map[string]bool
}

// text is what two readings are compared by: a Quantity read twice need not be equal in
// memory.
func (g guards) text() string {
	GinkgoHelper()
	data, err := json.Marshal(g)
	Expect(err).NotTo(HaveOccurred())
	return string(data)
}

func guardsOf(ctx SpecContext, admin *user, namespace string) (guards, error) {
	g := guards{
		Quotas: map[string]corev1.ResourceQuotaSpec{}, Ranges: map[string]corev1.LimitRangeSpec{},
		Policies: map[string]networkingv1.NetworkPolicySpec{}, Bindings: map[string][]rbacv1.Subject{},
		Accounts: map[string]bool{},
	}
	ns, err := admin.kube.CoreV1().Namespaces().Get(ctx, namespace, metav1.GetOptions{})
	if err != nil {
		return g, err
	}
	g.Labels, g.Made = ns.Labels, ns.Annotations[v1alpha1.AnnotationTenantUID]
	all := metav1.ListOptions{}
	quotas, err := admin.kube.CoreV1().ResourceQuotas(namespace).List(ctx, all)
	if err != nil {
		return g, err
	}
	for _, o := range quotas.Items {
		g.Quotas[o.Name] = o.Spec
	}
	ranges, err := admin.kube.CoreV1().LimitRanges(namespace).List(ctx, all)
	if err != nil {
		return g, err
	}
	for _, o := range ranges.Items {
		g.Ranges[o.Name] = o.Spec
	}
	policies, err := admin.kube.NetworkingV1().NetworkPolicies(namespace).List(ctx, all)
	if err != nil {
		return g, err
	}
	for _, o := range policies.Items {
		g.Policies[o.Name] = o.Spec
	}
	bindings, err := admin.kube.RbacV1().RoleBindings(namespace).List(ctx, all)
	if err != nil {
		return g, err
	}
	for _, o := range bindings.Items {
		g.Bindings[o.Name] = o.Subjects
	}
	accounts, err := admin.kube.CoreV1().ServiceAccounts(namespace).List(ctx, all)
	for _, o := range accounts.Items {
		g.Accounts[o.Name] = o.AutomountServiceAccountToken == nil || *o.AutomountServiceAccountToken
	}
	return g, err
}

// repairs are the guards that an event says were put back, as "<kind> <name>". Those of a
// namespace itself are kept in the namespace default.
func repairs(ctx context.Context, admin *user, namespace string) map[string]bool {
	GinkgoHelper()
	out := map[string]bool{}
	for _, place := range []string{namespace, "default"} {
		list, err := admin.kube.EventsV1().Events(place).List(ctx, metav1.ListOptions{FieldSelector: "reason=Repaired"})
		Expect(err).NotTo(HaveOccurred())
		for _, e := range list.Items {
			out[e.Regarding.Kind+" "+e.Regarding.Name] = true
			out[e.Regarding.Kind+" "+e.Regarding.Name+" "+e.Action] = true
		}
	}
	return out
}

var _ = Describe("What guards a tenant", func() {
	It("is put back when somebody with the right to change it did", func(ctx SpecContext) {
		admin := home.as("admin")
		whole, err := guardsOf(ctx, admin, bobNS)
		Expect(err).NotTo(HaveOccurred())
		core, none := admin.kube.CoreV1(), metav1.DeleteOptions{}
		firstOf := func(names []string) string {
			Expect(names).NotTo(BeEmpty())
			return slices.Sorted(slices.Values(names))[0]
		}
		quota := firstOf(slices.Collect(maps.Keys(whole.Quotas)))
		ranged := firstOf(slices.Collect(maps.Keys(whole.Ranges)))
		policy := firstOf(slices.Collect(maps.Keys(whole.Policies)))
		binding := firstOf(slices.Collect(maps.Keys(whole.Bindings)))
		for _, tamper := range []struct {
			what, guard string
			do          func() error
		}{
			{"the quota is deleted", "ResourceQuota " + quota + " Remake", func() error { return core.ResourceQuotas(bobNS).Delete(ctx, quota, none) }},
			{"the quota is raised", "ResourceQuota " + quota + " Repair", func() error {
				_, err := core.ResourceQuotas(bobNS).Patch(ctx, quota, types.MergePatchType, []byte(`{"spec":{"hard":{"pods":"100000"}}}`), metav1.PatchOptions{})
				return err
			}},
			{"the limit range is deleted", "LimitRange " + ranged + " Remake", func() error { return core.LimitRanges(bobNS).Delete(ctx, ranged, none) }},
			{"a network policy is deleted", "NetworkPolicy " + policy + " Remake", func() error {
				return admin.kube.NetworkingV1().NetworkPolicies(bobNS).Delete(ctx, policy, none)
			}},
			{"a network policy is emptied", "NetworkPolicy " + policy + " Repair", func() error {
				_, err := admin.kube.NetworkingV1().NetworkPolicies(bobNS).Patch(ctx, policy, types.JSONPatchType, []byte(`[{"op":"replace","path":"/spec/podSelector","value":{"matchLabels":{"no":"pod"}}}]`), metav1.PatchOptions{})
				return err
			}},
			{"a door is put into the wall", "NetworkPolicy gatehouse-default-deny Repair", func() error {
				_, err := admin.kube.NetworkingV1().NetworkPolicies(bobNS).Patch(ctx, "gatehouse-default-deny", types.MergePatchType, []byte(`{"spec":{"ingress":[{}],"egress":[{}]}}`), metav1.PatchOptions{})
				return err
			}},
			{"a binding is deleted", "RoleBinding " + binding + " Remake", func() error { return admin.kube.RbacV1().RoleBindings(bobNS).Delete(ctx, binding, none) }},
			{"a binding gets another subject", "RoleBinding " + binding + " Repair", func() error {
				_, err := admin.kube.RbacV1().RoleBindings(bobNS).Patch(ctx, binding, types.MergePatchType, []byte(`{"subjects":[{"kind":"User","name":"local:alice","apiGroup":"rbac.authorization.k8s.io"}]}`), metav1.PatchOptions{})
				return err
			}},
			{"the deployer is deleted", "ServiceAccount deployer Remake", func() error { return core.ServiceAccounts(bobNS).Delete(ctx, "deployer", none) }},
			{"the namespace enforces nothing", "Namespace " + bobNS + " Repair", func() error {
				_, err := core.Namespaces().Patch(ctx, bobNS, types.MergePatchType, []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce":"privileged"}}}`), metav1.PatchOptions{})
				return err
			}},
			{"the namespace enforces what an old version knew", "Namespace " + bobNS + " Repair", func() error {
				_, err := core.Namespaces().Patch(ctx, bobNS, types.MergePatchType, []byte(`{"metadata":{"labels":{"pod-security.kubernetes.io/enforce-version":"v1.0"}}}`), metav1.PatchOptions{})
				return err
			}},
			{"the default account mounts its token", "ServiceAccount default Repair", func() error {
				_, err := core.ServiceAccounts(bobNS).Patch(ctx, "default", types.MergePatchType, []byte(`{"automountServiceAccountToken":true}`), metav1.PatchOptions{})
				return err
			}},
			{"the namespace says nothing of whose it is", "Namespace " + bobNS + " Repair", func() error {
				_, err := core.Namespaces().Patch(ctx, bobNS, types.MergePatchType, []byte(`{"metadata":{"annotations":{"gatehouse.dev/tenant-uid":null}}}`), metav1.PatchOptions{})
				return err
			}},
			{"the namespace is another Tenant's", "Namespace " + bobNS + " Repair", func() error {
				_, err := core.Namespaces().Patch(ctx, bobNS, types.MergePatchType, []byte(`{"metadata":{"annotations":{"gatehouse.dev/tenant-uid":"another"}}}`), metav1.PatchOptions{})
				return err
			}},
			{"the namespace loses its tier", "Namespace " + bobNS + " Repair", func() error {
				_, err := core.Namespaces().Patch(ctx, bobNS, types.MergePatchType, []byte(`{"metadata":{"labels":{"gatehouse.dev/tier":null}}}`), metav1.PatchOptions{})
				return err
			}},
		} {
			began := time.Now()
			Expect(tamper.do()).To(Succeed(), tamper.what)
			Eventually(func() (string, error) {
				now, err := guardsOf(ctx, admin, bobNS)
				return now.text(), err
			}).WithContext(ctx).WithTimeout(slack*5*time.Second).WithPolling(20*time.Millisecond).Should(MatchJSON(whole.text()), tamper.what)
			report("%s: put back after %.2f s (promised: 5 s)", tamper.what, time.Since(began).Seconds())
			Eventually(func() map[string]bool { return repairs(ctx, admin, bobNS) }).WithContext(ctx).WithTimeout(soon).
				Should(HaveKey(tamper.guard), "an event tells of it")
		}
	}, SpecTimeout(5*time.Minute))
})
