package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/kubernetes"
	"k8s.io/utils/ptr"

	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/test/rivals"
)

// The namespaces that one side of a comparison writes to.
const (
	withFloor = "load-floor"
	withCEL   = "load-cel"
	// The webhook of the fifteen rules, which only validates, as ValidatingAdmissionPolicies do.
	withFifteen = "load-fifteen"
)

// competitors puts the floor's webhooks before one namespace, the fifteen rules in CEL before another
// and the same rules in Gatehouse before a third.
func competitors(ctx context.Context, kube kubernetes.Interface, at, fifteen floor.Address) error {
	for _, name := range []string{nobodys, withFloor, withCEL, withFifteen} {
		namespace := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: map[string]string{"load": name}}}
		if _, err := kube.CoreV1().Namespaces().Create(ctx, namespace, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("namespace %s: %w", name, err)
		}
	}
	if err := floor.Register(ctx, kube, at, selects(withFloor)); err != nil {
		return err
	}
	if err := fifteen.Validating(ctx, kube, withFifteen, rivals.PathGatehouse, selects(withFifteen), floor.Writes("", "pods")); err != nil {
		return err //nolint:wrapcheck // It names the webhook.
	}
	parameters := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: withCEL}, Data: rivals.Parameters()}
	if _, err := kube.CoreV1().ConfigMaps(nobodys).Create(ctx, parameters, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
		return fmt.Errorf("parameters of the rules in CEL: %w", err)
	}
	var variables []admissionregistrationv1.Variable
	for _, v := range rivals.Variables() {
		variables = append(variables, admissionregistrationv1.Variable{Name: v.Name, Expression: v.Expression})
	}
	for _, rule := range rivals.Rules() {
		name := "load-" + rule.Name
		policy := &admissionregistrationv1.ValidatingAdmissionPolicy{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionregistrationv1.ValidatingAdmissionPolicySpec{
			FailurePolicy: ptr.To(admissionregistrationv1.Fail),
			MatchConstraints: &admissionregistrationv1.MatchResources{
				NamespaceSelector: selects(withCEL),
				ResourceRules:     []admissionregistrationv1.NamedRuleWithOperations{{RuleWithOperations: floor.Writes("", "pods")}},
			},
			ParamKind:   &admissionregistrationv1.ParamKind{APIVersion: "v1", Kind: "ConfigMap"},
			Variables:   append(slices.Clone(variables), admissionregistrationv1.Variable{Name: "bad", Expression: rule.CEL}),
			Validations: []admissionregistrationv1.Validation{{Expression: rivals.Verdict, MessageExpression: "variables.bad.join('; ')"}},
		}}
		binding := &admissionregistrationv1.ValidatingAdmissionPolicyBinding{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: admissionregistrationv1.ValidatingAdmissionPolicyBindingSpec{
			PolicyName:        name,
			ParamRef:          &admissionregistrationv1.ParamRef{Name: withCEL, Namespace: nobodys, ParameterNotFoundAction: ptr.To(admissionregistrationv1.DenyAction)},
			ValidationActions: []admissionregistrationv1.ValidationAction{admissionregistrationv1.Deny},
		}}
		if _, err := kube.AdmissionregistrationV1().ValidatingAdmissionPolicies().Create(ctx, policy, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("policy %s: %w", name, err)
		}
		if _, err := kube.AdmissionregistrationV1().ValidatingAdmissionPolicyBindings().Create(ctx, binding, metav1.CreateOptions{}); err != nil && !apierrors.IsAlreadyExists(err) {
			return fmt.Errorf("binding %s: %w", name, err)
		}
	}
	return errors.Join(inForce(ctx, kube, withCEL), inForce(ctx, kube, withFifteen))
}

// inForce waits until the rules before a namespace refuse a Pod: what is not in force yet costs nothing.
func inForce(ctx context.Context, kube kubernetes.Interface, namespace string) error {
	bad := &corev1.Pod{}
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(object("v1", "Pod", "bad", pod()).Object, bad); err != nil {
		return fmt.Errorf("a bad Pod: %w", err)
	}
	bad.Spec.HostPID = true
	err := wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := kube.CoreV1().Pods(namespace).Create(ctx, bad, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
		return err != nil && strings.Contains(err.Error(), "shares namespaces of its node"), nil
	})
	if err != nil {
		return fmt.Errorf("the fifteen rules before namespace %s: %w", namespace, err)
	}
	return nil
}

func selects(namespace string) *metav1.LabelSelector {
	return &metav1.LabelSelector{MatchLabels: map[string]string{"load": namespace}}
}
