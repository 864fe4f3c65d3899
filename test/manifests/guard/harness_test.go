package guard

import (
	"context"
	"slices"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	kadmission "k8s.io/apiserver/pkg/admission"
	celplugin "k8s.io/apiserver/pkg/admission/plugin/cel"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/matchconditions"
	"k8s.io/apiserver/pkg/admission/plugin/webhook/predicates/rules"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/authentication/user"
	"k8s.io/apiserver/pkg/cel/environment"

	"gatehouse.dev/gatehouse/test/manifests/admission"
	"gatehouse.dev/gatehouse/test/manifests/installation"
)

var sample = installation.Installation{
	AliasPrefixes:   `["local:"]`,
	AdminGroups:     `["system:masters"]`,
	AdminUsers:      `["corp:root"]`,
	SystemNamespace: "claude-runner-system",
	NamespacePrefix: "claude-runner-user-",
}

// expression is one CEL expression of a guard.
type expression struct {
	name, text string
	returns    *cel.Type
}

func (e expression) GetName() string          { return e.name }
func (e expression) GetExpression() string    { return e.text }
func (e expression) ReturnTypes() []*cel.Type { return []*cel.Type{e.returns} }

// compiled is a guard as the API server runs it.
type compiled struct {
	name        string
	rules       []admissionregistrationv1.NamedRuleWithOperations
	matcher     matchconditions.Matcher
	validations celplugin.ConditionEvaluator
	messages    []string
}

// compile compiles guards and fails on the first expression that does not.
func compile(t *testing.T, guards []Guard) []compiled {
	t.Helper()
	var all []compiled
	for _, g := range guards {
		spec := g.Policy.Spec
		compiler, err := celplugin.NewCompositedCompiler(environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion()))
		if err != nil {
			t.Fatal(err)
		}
		options := celplugin.OptionalVariableDeclarations{HasAuthorizer: true, HasParams: spec.ParamKind != nil}
		for _, v := range spec.Variables {
			result := compiler.CompileAndStoreVariable(expression{v.Name, v.Expression, cel.AnyType}, options, environment.NewExpressions)
			if result.Error != nil {
				t.Fatalf("guard %s, variable %s: %v", g.Policy.Name, v.Name, result.Error)
			}
		}
		conditions := make([]celplugin.ExpressionAccessor, len(spec.MatchConditions))
		for n := range spec.MatchConditions {
			conditions[n] = (*matchconditions.MatchCondition)(&spec.MatchConditions[n])
		}
		c := compiled{name: g.Policy.Name, rules: spec.MatchConstraints.ResourceRules}
		validations := make([]celplugin.ExpressionAccessor, len(spec.Validations))
		for n, v := range spec.Validations {
			validations[n] = expression{text: v.Expression, returns: cel.BoolType}
			c.messages = append(c.messages, v.Message)
		}
		matching := compiler.CompileCondition(conditions, options, environment.NewExpressions)
		c.validations = compiler.CompileCondition(validations, options, environment.NewExpressions)
		for _, err := range append(matching.CompilationErrors(), c.validations.CompilationErrors()...) {
			t.Fatalf("guard %s: %v", g.Policy.Name, err)
		}
		c.matcher = matchconditions.NewMatcher(matching, spec.FailurePolicy, "policy", "validate", g.Policy.Name)
		all = append(all, c)
	}
	return all
}

// write is one request as the API server admits it.
type write struct {
	user      string
	groups    []string
	operation kadmission.Operation
	group     string
	resource  string
	namespace string
	name      string
	// object and oldObject are nil where absent.
	object, oldObject runtime.Object
	// params is the validating webhook configuration; the shipped one where it is nil.
	params *admissionregistrationv1.ValidatingWebhookConfiguration
}

// denied lists the messages of the guards that deny the write. An expression that errs is
// a failure.
func denied(t *testing.T, guards []compiled, w write) []string {
	t.Helper()
	resource := schema.GroupVersionResource{Group: w.group, Version: "v1", Resource: w.resource}
	kind := schema.GroupVersionKind{Group: w.group, Version: "v1", Kind: "Some"}
	attributes := &kadmission.VersionedAttributes{
		Attributes: kadmission.NewAttributesRecord(w.object, w.oldObject, kind, w.namespace, w.name, resource, "", w.operation, nil, false,
			&user.DefaultInfo{Name: w.user, Groups: w.groups}),
		VersionedKind:      kind,
		VersionedObject:    kadmission.NewLazyObject(w.object),
		VersionedOldObject: kadmission.NewLazyObject(w.oldObject),
	}
	params := w.params
	if params == nil {
		params = admission.Validating(sample)
	}
	var messages []string
	for _, g := range guards {
		if !slices.ContainsFunc(g.rules, func(r admissionregistrationv1.NamedRuleWithOperations) bool {
			return (&rules.Matcher{Rule: r.RuleWithOperations, Attr: attributes}).Matches()
		}) {
			continue
		}
		match := g.matcher.Match(context.Background(), attributes, nil, nil)
		if match.Error != nil {
			t.Fatalf("guard %s on %+v: %v", g.name, w, match.Error)
		}
		if !match.Matches {
			continue
		}
		request := celplugin.CreateAdmissionRequest(attributes.Attributes, metav1.GroupVersionResource(resource), metav1.GroupVersionKind(kind))
		results, _, err := g.validations.ForInput(context.Background(), attributes, request, celplugin.OptionalVariableBindings{VersionedParams: params}, nil, celconfig.RuntimeCELCostBudget)
		if err != nil {
			t.Fatalf("guard %s on %+v: %v", g.name, w, err)
		}
		for n, result := range results {
			if result.Error != nil {
				t.Fatalf("guard %s on %+v: %v", g.name, w, result.Error)
			}
			if result.EvalResult != types.True {
				messages = append(messages, g.name+": "+g.messages[n])
			}
		}
	}
	return messages
}
