package main

import (
	"context"
	"fmt"
	"sync"

	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// flood has service accounts in tenants' namespaces write and list as fast as they are
// served, until it is stopped.
func (b *bench) flood(ctx context.Context) (stop func(), err error) {
	ctx, cancel := context.WithCancel(ctx)
	var everybody sync.WaitGroup
	stop = func() { cancel(); everybody.Wait() }
	for i := range b.flooders {
		ns := tenantNamespace(names("many", i%b.tenants, i%b.tenants+1)[0])
		kube, err := b.account(ctx, ns)
		if err != nil {
			stop()
			return nil, err
		}
		everybody.Go(func() {
			for ctx.Err() == nil {
				cm := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "flood-"}}
				made, err := kube.CoreV1().ConfigMaps(ns).Create(ctx, cm, metav1.CreateOptions{})
				_, _ = kube.CoreV1().ConfigMaps(ns).List(ctx, metav1.ListOptions{})
				if err == nil {
					_ = kube.CoreV1().ConfigMaps(ns).Delete(ctx, made.Name, metav1.DeleteOptions{})
				}
			}
		})
	}
	return stop, nil
}

// account is the default service account of a namespace, which may keep ConfigMaps there.
func (b *bench) account(ctx context.Context, ns string) (kubernetes.Interface, error) {
	role := &rbacv1.Role{ObjectMeta: metav1.ObjectMeta{Name: "flood"}, Rules: []rbacv1.PolicyRule{{
		APIGroups: []string{""}, Resources: []string{"configmaps"}, Verbs: []string{"get", "list", "create", "delete"}}}}
	binding := &rbacv1.RoleBinding{ObjectMeta: metav1.ObjectMeta{Name: "flood"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: "flood"},
		Subjects: []rbacv1.Subject{{Kind: "ServiceAccount", Name: "default", Namespace: ns}}}
	if _, err := b.kube.RbacV1().Roles(ns).Create(ctx, role, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("role in %s: %w", ns, err)
	}
	if _, err := b.kube.RbacV1().RoleBindings(ns).Create(ctx, binding, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return nil, fmt.Errorf("role binding in %s: %w", ns, err)
	}
	token, err := b.kube.CoreV1().ServiceAccounts(ns).CreateToken(ctx, "default", &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	if err != nil {
		return nil, fmt.Errorf("token in %s: %w", ns, err)
	}
	config := rest.AnonymousClientConfig(b.config)
	config.BearerToken, config.QPS = token.Status.Token, -1
	kube, err := kubernetes.NewForConfig(config)
	if err != nil {
		return nil, fmt.Errorf("client of %s: %w", ns, err)
	}
	return kube, nil
}
