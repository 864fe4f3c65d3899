package admission

import (
	"context"
	"slices"
	"strings"
	"testing"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/namespace"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"
	corelisters "k8s.io/client-go/listers/core/v1"
	"k8s.io/client-go/tools/cache"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

var sample = installation.Installation{
	AliasPrefixes:   `["local:","corp:"]`,
	AdminGroups:     `["system:masters"]`,
	AdminUsers:      `[]`,
	SystemNamespace: "claude-runner-system",
	NamespacePrefix: "claude-runner-user-",
}

// write is one request as the API server admits it.
type write struct {
	user        string
	groups      []string
	operation   admission.Operation
	group       string
	resource    string
	subresource string
	namespace   string
	name        string
	// object and oldObject are JSON objects, nil where absent.
	object, oldObject map[string]any
	// typed and oldTyped stand in their place for built-in kinds.
	typed, oldTyped runtime.Object
}

func (w write) attributes() *admission.VersionedAttributes {
	kind := schema.GroupVersionKind{Group: w.group, Version: "v1", Kind: "Some"}
	now, was := object(w.object), object(w.oldObject)
	if w.typed != nil {
		now = w.typed
	}
	if w.oldTyped != nil {
		was = w.oldTyped
	}
	attributes := admission.NewAttributesRecord(now, was, kind, w.namespace, w.name,
		schema.GroupVersionResource{Group: w.group, Version: "v1", Resource: w.resource}, w.subresource,
		w.operation, nil, false, &user.DefaultInfo{Name: w.user, Groups: w.groups})
	return &admission.VersionedAttributes{Attributes: attributes, VersionedObject: admission.NewLazyObject(now), VersionedOldObject: admission.NewLazyObject(was), VersionedKind: kind}
}

// object returns an untyped nil for an absent object, as the API server has it.
func object(fields map[string]any) runtime.Object {
	if fields == nil {
		return nil
	}
	return &unstructured.Unstructured{Object: fields}
}

// gate evaluates one configuration the way the API server does: rules, then the
// namespace selector, then the conditions.
type gate struct {
	webhooks   []admissionregistrationv1.ValidatingWebhook
	matchers   []matchconditions.Matcher
	namespaces namespace.Matcher
}

// newGate compiles the webhooks' conditions and knows namespaces with the labels given.
func newGate(t *testing.T, webhooks []admissionregistrationv1.ValidatingWebhook, namespaces map[string]map[string]string) gate {
	t.Helper()
	indexer := cache.NewIndexer(cache.MetaNamespaceKeyFunc, cache.Indexers{})
	for name, set := range namespaces {
		if err := indexer.Add(&corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name, Labels: set}}); err != nil {
			t.Fatal(err)
		}
	}
	g := gate{webhooks: webhooks, namespaces: namespace.Matcher{NamespaceLister: corelisters.NewNamespaceLister(indexer)}}
	compiler := celplugin.NewConditionCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
	for _, webhook := range webhooks {
		accessors := make([]celplugin.ExpressionAccessor, len(webhook.MatchConditions))
		for n := range webhook.MatchConditions {
			accessors[n] = (*matchconditions.MatchCondition)(&webhook.MatchConditions[n])
		}
		evaluator := compiler.CompileCondition(accessors, celplugin.OptionalVariableDeclarations{HasAuthorizer: true}, environment.NewExpressions)
		for _, err := range evaluator.CompilationErrors() {
			t.Fatalf("webhook %s: %v", webhook.Name, err)
		}
		g.matchers = append(g.matchers, matchconditions.NewMatcher(evaluator, webhook.FailurePolicy, "webhook", "validate", webhook.Name))
	}
	return g
}

// selector adapts a webhook's namespaceSelector.
type selector struct{ *metav1.LabelSelector }

func (s selector) GetParsedNamespaceSelector() (labels.Selector, error) {
	if s.LabelSelector == nil {
		return labels.Everything(), nil
	}
	return metav1.LabelSelectorAsSelector(s.LabelSelector)
}

// called lists the webhooks that the API server would call, by the last part of their
// path. An error of a condition is a failure: under failurePolicy Fail it denies.
func (g gate) called(t *testing.T, w write) []string {
	t.Helper()
	attributes := w.attributes()
	var called []string
	for n, webhook := range g.webhooks {
		if !slices.ContainsFunc(webhook.Rules, func(r admissionregistrationv1.RuleWithOperations) bool {
			return (&rules.Matcher{Rule: r, Attr: attributes}).Matches()
		}) {
			continue
		}
		selected, err := g.namespaces.MatchNamespaceSelector(selector{webhook.NamespaceSelector}, attributes)
		if err != nil {
			t.Fatalf("webhook %s on %+v: namespace selector: %v", webhook.Name, w, err)
		}
		if !selected {
			continue
		}
		result := g.matchers[n].Match(context.Background(), attributes, nil, nil)
		if result.Error != nil {
			t.Fatalf("webhook %s on %+v: condition: %v", webhook.Name, w, result.Error)
		}
		if result.Matches {
			called = append(called, strings.TrimSuffix(strings.TrimPrefix(webhook.Name, mutatePrefix), ".gatehouse.dev"))
		}
	}
	return called
}

// apart has each part of the webhooks' conditions as a matchCondition of its own.
func apart(i installation.Installation) []admissionregistrationv1.ValidatingWebhook {
	webhooks := Validating(i).Webhooks
	for n, entry := range Entries(i) {
		parts := entry.conditions
		for _, e := range exemptionsOf(i, entry) {
			parts = append(parts, e.Condition())
		}
		webhooks[n].MatchConditions = nil
		for _, p := range parts {
			webhooks[n].MatchConditions = append(webhooks[n].MatchConditions, admissionregistrationv1.MatchCondition{Name: p.Name, Expression: p.Expression})
		}
	}
	return webhooks
}

// asValidating reads the mutating webhooks as the same type as the validating ones.
func asValidating(webhooks []admissionregistrationv1.MutatingWebhook) []admissionregistrationv1.ValidatingWebhook {
	var all []admissionregistrationv1.ValidatingWebhook
	for _, w := range webhooks {
		all = append(all, admissionregistrationv1.ValidatingWebhook{Name: w.Name, Rules: w.Rules, FailurePolicy: w.FailurePolicy,
			NamespaceSelector: w.NamespaceSelector, MatchConditions: w.MatchConditions})
	}
	return all
}

// meta is an object with metadata.
func meta(fields map[string]any) map[string]any {
	return map[string]any{"apiVersion": "v1", "kind": "Some", "metadata": fields}
}
