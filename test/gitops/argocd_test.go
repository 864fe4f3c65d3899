package gitops

import (
	"os"
	"strings"
	"testing"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

const controller = "argocd-application-controller"

// argocd makes the namespace and the account of Argo CD's controller.
func (c *cluster) argocd(t *testing.T) {
	t.Helper()
	_, err := c.kube.CoreV1().Namespaces().Create(t.Context(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "argocd"}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
	_, err = c.kube.CoreV1().ServiceAccounts("argocd").Create(t.Context(), &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: controller}}, metav1.CreateOptions{})
	if err != nil && !apierrors.IsAlreadyExists(err) {
		t.Fatal(err)
	}
}

// shown are the objects of one kind in the documentation.
func shown(t *testing.T, kind string) []*unstructured.Unstructured {
	t.Helper()
	page, err := os.ReadFile("../../docs/gitops.md")
	must(t, err)
	var found []*unstructured.Unstructured
	for _, block := range strings.Split(string(page), "```yaml\n")[1:] {
		text, _, _ := strings.Cut(block, "```")
		for _, document := range strings.Split(text, "\n---\n") {
			object := &unstructured.Unstructured{}
			must(t, yaml.UnmarshalStrict([]byte(document), &object.Object))
			if object.GetKind() == kind {
				found = append(found, object)
			}
		}
	}
	if len(found) == 0 {
		t.Fatalf("docs/gitops.md shows no %s", kind)
	}
	return found
}

// TestWithoutImpersonation: Argo CD's own account, whatever RBAC lets it do, writes
// nothing in a tenant's namespace and is told how to.
func TestWithoutImpersonation(t *testing.T) {
	c := running(t)
	c.argocd(t)
	binding, err := c.kube.RbacV1().ClusterRoleBindings().Create(t.Context(), &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{GenerateName: "argocd-wide-open-"},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "cluster-admin"},
		Subjects:   []rbacv1.Subject{{Kind: "ServiceAccount", Namespace: "argocd", Name: controller}},
	}, metav1.CreateOptions{})
	must(t, err)
	defer func() {
		must(t, c.kube.RbacV1().ClusterRoleBindings().Delete(t.Context(), binding.Name, metav1.DeleteOptions{}))
	}()
	argo, deployer := c.account(t, "argocd", controller, ""), c.account(t, namespace, "deployer", "")
	declared := fromGit(t)
	told := func(what, out string, err error) {
		t.Helper()
		for _, want := range []string{"denied by identity/unknown-caller: ", "destinationServiceAccounts", "system:serviceaccount:" + namespace + ":deployer"} {
			if err == nil || !strings.Contains(out, want) {
				t.Errorf("%s: %v, says nothing of %q:\n%s", what, err, want, out)
			}
		}
	}
	for how, args := range syncs {
		out, err := argo.program(t.Context(), "kubectl", manifest(t, declared...), args...)
		told(how, out, err)
		if n := strings.Count(out, "denied by identity/unknown-caller: "); n != len(declared) {
			t.Errorf("%s: %d of %d objects denied:\n%s", how, n, len(declared), out)
		}
		for _, object := range declared {
			if _, err := c.person(t, "admin").in(t, object).Get(t.Context(), object.GetName(), metav1.GetOptions{}); !apierrors.IsNotFound(err) {
				t.Errorf("%s of %s left something: %v", how, object.GetKind(), err)
			}
		}
	}
	note := declared[3:4]
	defer c.remove(t, note)
	deployer.sync(t, syncs["server-side apply"], note...)
	before := versionOf(deployer.live(t, note...)[0])
	for _, args := range [][]string{
		{"label", "-n", namespace, "configmap/shop", "by=argo"},
		{"delete", "-n", namespace, "configmap/shop"},
	} {
		out, err := argo.program(t.Context(), "kubectl", "", args...)
		told(args[0], out, err)
	}
	_, err = dryRun{t, argo}.Run(t.Context(), note[0], manager)
	if err == nil {
		t.Error("a dry run was let through")
	} else {
		told("dry run", err.Error(), err)
	}
	if now := versionOf(deployer.live(t, note...)[0]); now != before {
		t.Errorf("the denied writes left %s, before %s", now, before)
	}
}

// TestWithImpersonation: with the rights of the documentation and no more, Argo CD's
// account speaks for each tenant as its deployer, and for nobody else.
func TestWithImpersonation(t *testing.T) {
	c := running(t)
	c.argocd(t)
	admin := c.person(t, "admin")
	for _, object := range append(shown(t, "ClusterRole"), shown(t, "ClusterRoleBinding")...) {
		_, err := admin.in(t, object).Create(t.Context(), object, metav1.CreateOptions{})
		must(t, err)
		defer func() {
			must(t, admin.in(t, object).Delete(t.Context(), object.GetName(), metav1.DeleteOptions{}))
		}()
	}
	declared := fromGit(t)
	defer c.remove(t, declared)
	argo := c.account(t, "argocd", controller, "system:serviceaccount:"+namespace+":deployer")
	argo.sync(t, syncs["server-side apply"], declared...)
	argo.inSync(t, "after an impersonated sync", declared)
	c.sealed(t, argo, declared)

	for _, other := range []string{"local:alice", "system:admin", "system:serviceaccount:" + namespace + ":default", "system:serviceaccount:kube-system:job-controller"} {
		_, err := c.account(t, "argocd", controller, other).in(t, declared[3]).Get(t.Context(), "shop", metav1.GetOptions{})
		if !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "cannot impersonate") {
			t.Errorf("impersonating %s: %v", other, err)
		}
	}
	own := c.account(t, "argocd", controller, "")
	if _, err := own.in(t, declared[3]).Get(t.Context(), "shop", metav1.GetOptions{}); err != nil {
		t.Errorf("its own account cannot watch what it synced: %v", err)
	}
	if err := own.in(t, declared[3]).Delete(t.Context(), "shop", metav1.DeleteOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("its own account may write: %v", err)
	}
}

// TestNoPodIsTheDeployer: neither alice nor the deployer itself starts a Pod under the
// account that the tool impersonates.
func TestNoPodIsTheDeployer(t *testing.T) {
	c := running(t)
	pod := &unstructured.Unstructured{}
	must(t, yaml.Unmarshal([]byte(`apiVersion: v1
kind: Pod
metadata: {name: borrowed, namespace: claude-runner-user-alice}
spec:
  serviceAccountName: deployer
  containers:
    - name: c
      image: registry.k8s.io/pause:3.10
      resources: {requests: {cpu: 10m, memory: 16Mi}, limits: {cpu: 20m, memory: 32Mi}}
`), &pod.Object))
	for who, as := range map[string]*identity{"alice": c.person(t, "alice"), "deployer": c.account(t, namespace, "deployer", "")} {
		_, err := as.in(t, pod).Create(t.Context(), pod, metav1.CreateOptions{})
		if err == nil || !strings.Contains(err.Error(), "denied by pods/service-account: ") {
			t.Errorf("%s: %v", who, err)
		}
		if _, err := c.person(t, "admin").in(t, pod).Get(t.Context(), "borrowed", metav1.GetOptions{}); !apierrors.IsNotFound(err) {
			t.Errorf("%s: the Pod is there: %v", who, err)
		}
	}
}
