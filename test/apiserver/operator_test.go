package apiserver

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/yaml"
)

const widgets = `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  scope: Namespaced
  names: {plural: widgets, singular: widget, kind: Widget, listKind: WidgetList}
  versions:
    - {name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`

// reconfigure changes the configuration of the webhooks and starts them anew.
func (c *cluster) reconfigure(ctx context.Context, change func(config map[string]any)) {
	GinkgoHelper()
	path := filepath.Join(c.state, "config", "gatehouse.yaml")
	raw, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	config := map[string]any{}
	Expect(yaml.Unmarshal(raw, &config)).To(Succeed())
	change(config)
	raw, err = yaml.Marshal(config)
	Expect(err).NotTo(HaveOccurred())
	Expect(os.WriteFile(path, raw, 0o600)).To(Succeed())
	for _, process := range []string{"webhook-0", "webhook-1"} {
		c.launcher(ctx, "restart "+process)
	}
}

// account is a way in for a ServiceAccount, which is made with it.
func (c *cluster) account(ctx context.Context, namespace, name string) *user {
	GinkgoHelper()
	admin := c.as("admin")
	_, err := admin.kube.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: name}}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	token, err := admin.kube.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	config := rest.AnonymousClientConfig(admin.config)
	config.BearerToken = token.Status.Token
	return c.with(config)
}

var _ = Describe("An operator of the platform's choice", Ordered, func() {
	It("makes Pods for alice's custom resource as alice, once it is registered", func(ctx SpecContext) {
		admin, alice := home.as("admin"), home.as("alice")
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "widgets"}}
		_, err := admin.kube.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(admin.kube.CoreV1().Namespaces().Delete(ctx, "widgets", metav1.DeleteOptions{})).To(Succeed())
		})
		out, err := admin.kubectl(ctx, widgets, "apply", "-f", "-")
		Expect(err).NotTo(HaveOccurred(), out)
		out, err = admin.kubectl(ctx, "", "wait", "--for=condition=Established", "crd/widgets.example.com", "--timeout=60s")
		Expect(err).NotTo(HaveOccurred(), out)
		DeferCleanup(func(ctx SpecContext) {
			out, err := admin.kubectl(ctx, "", "delete", "crd", "widgets.example.com", "--timeout=60s")
			Expect(err).NotTo(HaveOccurred(), out)
		}, NodeTimeout(2*time.Minute))
		openRBAC(ctx, admin)
		openRBACTo(ctx, admin, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: "widgets", Name: "operator"})
		openRBACTo(ctx, admin, rbacv1.Subject{Kind: rbacv1.ServiceAccountKind, Namespace: systemNS, Name: "gatehouse-webhook"})
		operator := home.account(ctx, "widgets", "operator")

		alice.mapper.Reset()
		widget, err := alice.create(ctx, aliceNS, "apiVersion: example.com/v1\nkind: Widget\nmetadata: {name: wheel}\n")
		Expect(err).NotTo(HaveOccurred())
		Expect(sealedBy(widget)).To(Equal("local:alice"))
		pod := func(name, uid string) string {
			owner := fmt.Sprintf("ownerReferences: [{apiVersion: example.com/v1, kind: Widget, name: wheel, uid: %s, controller: true}], ", uid)
			return strings.Replace(podManifest(name), "metadata: {", "metadata: {"+owner, 1)
		}

		By("denying it before it is registered")
		_, err = operator.create(ctx, aliceNS, pod("before", string(widget.GetUID())))
		Expect(err).To(MatchError(ContainSubstring("denied by identity/unknown-caller: ")))

		By("registering it")
		home.reconfigure(ctx, func(config map[string]any) {
			controllers, _ := config["controllers"].(map[string]any)
			controllers["extra"] = []any{map[string]any{
				"identity": "system:serviceaccount:widgets:operator", "group": "", "resource": "pods", "operations": []any{"CREATE"}, "mode": "inherit",
			}}
			config["ownerKinds"] = []any{map[string]any{"group": "example.com", "version": "v1", "kind": "Widget"}}
		})
		DeferCleanup(func(ctx SpecContext) {
			home.reconfigure(ctx, func(config map[string]any) {
				controllers, _ := config["controllers"].(map[string]any)
				controllers["extra"], config["ownerKinds"] = []any{}, []any{}
			})
		}, NodeTimeout(time.Minute))
		Eventually(func() error { _, err := operator.create(ctx, aliceNS, pod("rim", string(widget.GetUID()))); return err }).
			WithContext(ctx).WithTimeout(soon).WithPolling(50 * time.Millisecond).Should(Succeed())
		made, err := admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "rim", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(made.Annotations).To(HaveKeyWithValue(passportKey, widget.GetAnnotations()[passportKey]))

		By("holding it to what it was registered for, and to an owner that is there")
		_, err = operator.create(ctx, aliceNS, pod("forged", "00000000-0000-0000-0000-000000000000"))
		Expect(err).To(MatchError(ContainSubstring("denied by identity/no-owner: ")))
		_, err = operator.create(ctx, aliceNS, "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: forged}\n")
		Expect(err).To(MatchError(ContainSubstring("denied by identity/controller-not-registered: ")))
		_, err = admin.kube.CoreV1().ConfigMaps(aliceNS).Get(ctx, "forged", metav1.GetOptions{})
		Expect(apierrors.IsNotFound(err)).To(BeTrue(), "%v", err)

		By("letting its Pod go with the Widget")
		Expect(alice.remove(ctx, aliceNS, widget)).To(Succeed())
		Eventually(func() bool {
			_, err := admin.kube.CoreV1().Pods(aliceNS).Get(ctx, "rim", metav1.GetOptions{})
			return apierrors.IsNotFound(err)
		}).WithContext(ctx).WithTimeout(soon).Should(BeTrue())
	}, SpecTimeout(5*time.Minute))
})
