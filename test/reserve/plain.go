package main

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

const sessionCount corev1.ResourceName = "count/researchsessions.research.example.com"

// floored marks plain namespaces whose writes two webhooks allow that decide nothing.
var floored = map[string]string{"bench": "floored"}

// plain makes a namespace where native ResourceQuota counts sessions.
func (b *bench) plain(ctx context.Context, name string, labels map[string]string) error {
	ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: labels}}
	if _, err := b.kube.CoreV1().Namespaces().Create(ctx, ns, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("namespace %s: %w", name, err)
	}
	q := &corev1.ResourceQuota{
		ObjectMeta: metav1.ObjectMeta{Name: "native", Labels: map[string]string{"bench": "plain"}},
		Spec:       corev1.ResourceQuotaSpec{Hard: corev1.ResourceList{sessionCount: resource.MustParse("1000000")}},
	}
	if _, err := b.kube.CoreV1().ResourceQuotas(name).Create(ctx, q, metav1.CreateOptions{}); err != nil {
		return fmt.Errorf("resource quota of %s: %w", name, err)
	}
	return nil
}
