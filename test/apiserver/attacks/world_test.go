package attacks

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

const (
	prefix   = "claude-runner-user-"
	system   = "claude-runner-system"
	homeNS   = prefix + "alice"
	attacker = "attacker" // the account of alice's that attacks
	soon     = 30 * time.Second
)

// world is the cluster with everybody who attacks.
type world struct {
	state  string
	admin  *kubernetes.Clientset
	users  map[string]*rest.Config
	mapper *restmapper.DeferredDiscoveryRESTMapper
	bases  map[string]map[string]any
	// controls are paths of honest objects that stand, by manifest and author.
	controls map[string]string
}

func (w *world) config(name string) *rest.Config {
	GinkgoHelper()
	config, ok := w.users[name]
	if !ok {
		var err error
		config, err = clientcmd.BuildConfigFromFlags("", filepath.Join(w.state, "kubeconfig", name+".yaml"))
		Expect(err).NotTo(HaveOccurred())
		config.QPS, config.Burst = -1, 0
		config.WarningHandlerWithContext = rest.NoWarnings{}
		w.users[name] = config
	}
	return config
}

// begin starts a cluster, or takes the one that GATEHOUSE_STATE names.
func begin(ctx context.Context) *world {
	GinkgoHelper()
	state := os.Getenv("GATEHOUSE_STATE")
	if state == "" {
		var err error
		state, err = os.MkdirTemp("", "gatehouse-attacks-")
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(launch(ctx, state, "down")).To(Succeed())
			Expect(os.RemoveAll(state)).To(Succeed())
		}, NodeTimeout(time.Minute))
		Expect(launch(ctx, state, "up", "REPLICAS=1")).To(Succeed())
	}
	w := &world{state: state, users: map[string]*rest.Config{}, controls: map[string]string{}}
	var err error
	w.admin, err = kubernetes.NewForConfig(w.config("admin"))
	Expect(err).NotTo(HaveOccurred())
	d, err := discovery.NewDiscoveryClientForConfig(w.config("admin"))
	Expect(err).NotTo(HaveOccurred())
	w.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d))
	w.installGateway(ctx)
	w.recruit(ctx, "alice", "")
	w.recruit(ctx, "bob", "bob-")
	w.loosen(ctx)
	return w
}

func launch(ctx context.Context, state, action string, env ...string) error {
	launcher, err := filepath.Abs("../../../bin/cluster")
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, launcher, action) //nolint:gosec // our own launcher
	cmd.Dir = "../../.."
	cmd.Env = append(append(os.Environ(), "STATE="+state), env...)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("cluster %s: %w\n%s", action, err, out)
	}
	return nil
}

// recruit gives a tenant an account with the rights that the owner has herself, and the
// GitOps tool's account a login; she makes the account, the platform binds it.
func (w *world) recruit(ctx context.Context, tenant, before string) {
	GinkgoHelper()
	owner, err := kubernetes.NewForConfig(w.config(tenant))
	Expect(err).NotTo(HaveOccurred())
	namespace, off := prefix+tenant, false
	_, err = owner.CoreV1().ServiceAccounts(namespace).Create(ctx, &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: attacker}, AutomountServiceAccountToken: &off}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: attacker},
		RoleRef:  rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "gatehouse:member"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: attacker, Namespace: namespace}}}
	_, err = w.admin.RbacV1().RoleBindings(namespace).Create(ctx, binding, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		Expect(w.admin.RbacV1().RoleBindings(namespace).Delete(ctx, attacker, metav1.DeleteOptions{})).To(Succeed())
		Expect(w.admin.CoreV1().ServiceAccounts(namespace).Delete(ctx, attacker, metav1.DeleteOptions{})).To(Succeed())
	}, NodeTimeout(time.Minute))
	for name, account := range map[string]string{"account": attacker, "deployer": "deployer"} {
		by := owner
		if name == "deployer" {
			by = w.admin // nobody of the tenant gets one
		}
		token, err := by.CoreV1().ServiceAccounts(namespace).CreateToken(ctx, account, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		config := rest.AnonymousClientConfig(w.config("admin"))
		config.BearerToken, config.QPS, config.Burst = token.Status.Token, -1, 0
		w.users[before+name] = config
	}
	w.await(ctx, before+"account", "create", namespace, "configmaps", true)
}

// widen gives every attacker every right that RBAC has.
func (w *world) widen(ctx context.Context) {
	GinkgoHelper()
	binding, err := w.admin.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "wide-open-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects: []rbacv1.Subject{
			{APIGroup: rbacv1.GroupName, Kind: "Group", Name: "gatehouse:users"},
			{Kind: "ServiceAccount", Name: attacker, Namespace: homeNS},
			{Kind: "ServiceAccount", Name: "deployer", Namespace: homeNS},
		}}, metav1.CreateOptions{})
	Expect(err).NotTo(HaveOccurred())
	DeferCleanup(func(ctx SpecContext) {
		Expect(w.admin.RbacV1().ClusterRoleBindings().Delete(ctx, binding.Name, metav1.DeleteOptions{})).To(Succeed())
		w.await(ctx, "bob", "delete", "", "nodes", false)
	}, NodeTimeout(time.Minute))
	for _, name := range []string{"alice", "account", "bob"} {
		w.await(ctx, name, "delete", "", "nodes", true)
	}
}

// await waits until the authorizer has seen a change of rights.
func (w *world) await(ctx context.Context, name, verb, namespace, resource string, want bool) {
	GinkgoHelper()
	user, err := kubernetes.NewForConfig(w.config(name))
	Expect(err).NotTo(HaveOccurred())
	Eventually(func() (bool, error) {
		review, err := user.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
			ResourceAttributes: &authorizationv1.ResourceAttributes{Namespace: namespace, Verb: verb, Resource: resource}}}, metav1.CreateOptions{})
		return err == nil && review.Status.Allowed, err
	}).WithContext(ctx).WithTimeout(soon).WithPolling(20 * time.Millisecond).Should(Equal(want))
}

// loosen lets alice have more sessions than her tier, and marks her namespace as one where
// the API server itself would allow adminAccess: what then denies it is Gatehouse.
func (w *world) loosen(ctx context.Context) {
	GinkgoHelper()
	for path, patches := range map[string][2]string{
		"/apis/gatehouse.dev/v1alpha1/tenants/alice": {fmt.Sprintf(`{"spec":{"limits":[{"dimension":"sessions","amount":%d}]}}`, limit), `{"spec":{"limits":null}}`},
		"/api/v1/namespaces/" + homeNS:               {`{"metadata":{"labels":{"resource.kubernetes.io/admin-access":"true"}}}`, `{"metadata":{"labels":{"resource.kubernetes.io/admin-access":null}}}`},
	} {
		patch := func(ctx context.Context, body string) {
			said := w.send(ctx, "admin", attempt{method: http.MethodPatch, path: path, kind: "application/merge-patch+json", body: json.RawMessage(body)})
			Expect(said.ok()).To(BeTrue(), said.said)
		}
		patch(ctx, patches[0])
		DeferCleanup(func(ctx SpecContext) { patch(ctx, patches[1]) }, NodeTimeout(time.Minute))
	}
	Eventually(func() string {
		usage := w.read(ctx, "/apis/gatehouse.dev/v1alpha1/namespaces/"+homeNS+"/usages/current")
		raw, err := json.Marshal(usage)
		Expect(err).NotTo(HaveOccurred())
		return string(raw)
	}).WithContext(ctx).WithTimeout(soon).Should(ContainSubstring(fmt.Sprintf(`"limit":"%d"`, limit)))
}
