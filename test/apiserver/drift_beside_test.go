package apiserver

import (
	"context"
	"encoding/json"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/util/retry"
)

const acmeLedger, acmeRole = "organization-acme", "gatehouse:org:acme"

// rewrite has a platform admin say in the ledger that alice holds so many sessions.
func rewrite(ctx context.Context, admin *user, amount string) error {
	ledger, err := admin.dynamic.Resource(ledgers).Get(ctx, acmeLedger, metav1.GetOptions{})
	if err != nil {
		return err
	}
	sections, _, err := unstructured.NestedSlice(ledger.Object, "spec", "sections")
	if err != nil {
		return err
	}
	said := []any{map[string]any{"dimension": "sessions", "amount": amount}}
	known := false
	for _, s := range sections {
		if section, _ := s.(map[string]any); section["tenant"] == "alice" {
			section["settled"], known = said, true
		}
	}
	if !known {
		sections = append(sections, map[string]any{"tenant": "alice", "settled": said})
	}
	if err := unstructured.SetNestedSlice(ledger.Object, sections, "spec", "sections"); err != nil {
		return err
	}
	_, err = admin.dynamic.Resource(ledgers).Update(ctx, ledger, metav1.UpdateOptions{})
	return err
}

// kept is what an organization's ledger, role and binding and a tenant's Usage say.
func kept(ctx context.Context, admin *user) (string, error) {
	settled, open := domainHolds(ctx, admin, acmeLedger)
	role, err := admin.kube.RbacV1().ClusterRoles().Get(ctx, acmeRole, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	binding, err := admin.kube.RbacV1().ClusterRoleBindings().Get(ctx, acmeRole, metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	usage, err := admin.dynamic.Resource(usages).Namespace(aliceNS).Get(ctx, "current", metav1.GetOptions{})
	if err != nil {
		return "", err
	}
	status, _, err := unstructured.NestedMap(usage.Object, "status")
	if err != nil {
		return "", err
	}
	text, err := json.Marshal([]any{settled, open, role.Rules, binding.Subjects, binding.RoleRef, status["tier"], status["user"]})
	return string(text), err
}

var _ = Describe("What is kept of a tenant beside her guards", func() {
	It("is put back when somebody with the right to change it did", func(ctx SpecContext) {
		admin := home.as("admin")
		clearSessions(ctx, admin, aliceNS, acmeLedger, "alice")
		// Specs before this one may have thrown her ledger away: one that is still on its way out
		// would be gone in the middle of the first change.
		Eventually(func(g Gomega) {
			ledger, err := admin.dynamic.Resource(ledgers).Get(ctx, acmeLedger, metav1.GetOptions{})
			g.Expect(err).NotTo(HaveOccurred())
			g.Expect(ledger.GetDeletionTimestamp()).To(BeNil())
		}).WithContext(ctx).WithTimeout(time.Minute).Should(Succeed(), "the ledger is there to stay")
		whole, err := kept(ctx, admin)
		Expect(err).NotTo(HaveOccurred())
		roles, own := admin.kube.RbacV1(), admin.dynamic.Resource(usages).Namespace(aliceNS)
		for _, tamper := range []struct {
			what string
			// told is what an Event is about, and what was done.
			told string
			do   func() error
		}{
			{"the ledger says that she holds more", "QuotaLedger " + acmeLedger + " Repair", func() error {
				return retry.RetryOnConflict(retry.DefaultRetry, func() error { return rewrite(ctx, admin, "7") })
			}},
			{"the ledger is deleted", "QuotaLedger " + acmeLedger + " Remake", func() error {
				return admin.dynamic.Resource(ledgers).Delete(ctx, acmeLedger, metav1.DeleteOptions{})
			}},
			{"her Usage names another tier", "Usage current Repair", func() error {
				_, err := own.Patch(ctx, "current", types.MergePatchType, []byte(`{"status":{"tier":"enterprise"}}`), metav1.PatchOptions{})
				return err
			}},
			{"her Usage is deleted", "Usage current Remake", func() error { return own.Delete(ctx, "current", metav1.DeleteOptions{}) }},
			{"the role of the organization's admins is widened", "ClusterRole " + acmeRole + " Repair", func() error {
				_, err := roles.ClusterRoles().Patch(ctx, acmeRole, types.MergePatchType, []byte(`{"rules":[{"apiGroups":["*"],"resources":["*"],"verbs":["*"]}]}`), metav1.PatchOptions{})
				return err
			}},
			{"the role's binding gets another subject", "ClusterRoleBinding " + acmeRole + " Repair", func() error {
				_, err := roles.ClusterRoleBindings().Patch(ctx, acmeRole, types.MergePatchType, []byte(`{"subjects":[{"kind":"User","name":"local:bob","apiGroup":"rbac.authorization.k8s.io"}]}`), metav1.PatchOptions{})
				return err
			}},
			{"the role's binding is deleted", "ClusterRoleBinding " + acmeRole + " Remake", func() error {
				return roles.ClusterRoleBindings().Delete(ctx, acmeRole, metav1.DeleteOptions{})
			}},
		} {
			began := time.Now()
			Expect(tamper.do()).To(Succeed(), tamper.what)
			Eventually(func() (string, error) { return kept(ctx, admin) }).WithContext(ctx).WithTimeout(slack*5*time.Second).
				WithPolling(20*time.Millisecond).Should(MatchJSON(whole), tamper.what)
			report("%s: put back after %.2f s (promised: 5 s)", tamper.what, time.Since(began).Seconds())
			Eventually(func() map[string]bool { return repairs(ctx, admin, aliceNS) }).WithContext(ctx).WithTimeout(soon).
				Should(HaveKey(tamper.told), "an event tells of it")
		}
	}, SpecTimeout(5*time.Minute))
})
