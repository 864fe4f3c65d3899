package rivals

import (
	"encoding/json"
	"slices"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/rego"
	admissionv1 "k8s.io/api/admission/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apiserver/pkg/admission"
	plugincel "k8s.io/apiserver/pkg/admission/plugin/cel"
	celconfig "k8s.io/apiserver/pkg/apis/cel"
	"k8s.io/apiserver/pkg/cel/environment"

	celgo "github.com/google/cel-go/cel"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// ask gives the names of the rules that refuse a review, sorted.
type ask func(creation) []string

// creation is one of a Pod in the forms that the engines take.
type creation struct {
	pod   *corev1.Pod
	input ast.Value
}

// reviewOf has everything of the built-in review that is not the object, so that nothing is
// cheaper than in real life.
func reviewOf(tb testing.TB, spec string) creation {
	tb.Helper()
	text := `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"b"},"spec":` + spec + `}`
	r := creation{pod: &corev1.Pod{}}
	if err := json.Unmarshal([]byte(text), r.pod); err != nil {
		tb.Fatal(err)
	}
	parameters, err := json.Marshal(lists())
	if err != nil {
		tb.Fatal(err)
	}
	r.input, err = ast.ValueFromReader(bytesOf(`{"apiVersion":"gatehouse.dev/v1","parameters":` + string(parameters) + `,"request":{"uid":"u","operation":"CREATE",` +
		`"kind":{"group":"","version":"v1","kind":"Pod"},"name":"a","namespace":"b","object":` + text + `}}`))
	if err != nil {
		tb.Fatal(err)
	}
	return r
}

// gatehouse is its engine with these policies only.
func gatehouse(tb testing.TB) ask {
	tb.Helper()
	p, err := Program(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	for rule, why := range p.Unplanned() {
		tb.Errorf("%s has no plan: %v", rule, why)
	}
	return func(r creation) []string {
		answer, err := p.Eval(tb.Context(), r.input, nil)
		if err != nil {
			tb.Fatal(err)
		}
		result, err := engine.Decode(answer)
		if err != nil {
			tb.Fatal(err)
		}
		var refusing []string
		for _, denial := range result.Denials {
			refusing = append(refusing, denial.Rule[len("rivals/"):])
		}
		slices.Sort(refusing)
		return refusing
	}
}

// opa is one prepared query for all of them.
func opa(tb testing.TB) ask {
	tb.Helper()
	query, err := Query(tb.Context())
	if err != nil {
		tb.Fatal(err)
	}
	return func(r creation) []string {
		results, err := query.Eval(tb.Context(), rego.EvalParsedInput(r.input))
		if err != nil {
			tb.Fatal(err)
		}
		var refusing []string
		for _, name := range results[0].Expressions[0].Value.([]any) {
			refusing = append(refusing, name.(string))
		}
		slices.Sort(refusing)
		return refusing
	}
}

// cel is what the API server does with as many ValidatingAdmissionPolicies, one after the
// other; the object becomes a value of CEL once.
func cel(tb testing.TB) ask {
	tb.Helper()
	env := environment.MustBaseEnvSet(environment.DefaultCompatibilityVersion())
	names, evaluators := []string{}, []plugincel.ConditionEvaluator{}
	for _, r := range Rules() {
		compiler, err := plugincel.NewCompositedCompiler(env)
		if err != nil {
			tb.Fatal(err)
		}
		given := plugincel.OptionalVariableDeclarations{HasParams: true}
		for _, v := range append(Variables(), Variable{"bad", r.CEL}) {
			compiler.CompileAndStoreVariable(expression{name: v.Name, text: v.Expression, types: []*celgo.Type{celgo.AnyType, celgo.DynType}}, given, environment.StoredExpressions)
		}
		evaluator := compiler.CompileCondition([]plugincel.ExpressionAccessor{expression{text: Verdict, types: []*celgo.Type{celgo.BoolType}}}, given, environment.StoredExpressions)
		for _, err := range evaluator.CompilationErrors() {
			tb.Fatalf("%s: %v", r.Name, err)
		}
		names, evaluators = append(names, r.Name), append(evaluators, evaluator)
	}
	kind := schema.GroupVersionKind{Version: "v1", Kind: "Pod"}
	resource := schema.GroupVersionResource{Version: "v1", Resource: "pods"}
	parameters := plugincel.OptionalVariableBindings{VersionedParams: &corev1.ConfigMap{Data: Parameters()}}
	return func(r creation) []string {
		attributes := admission.NewAttributesRecord(r.pod, nil, kind, "b", "a", resource, "", admission.Create, nil, false, nil)
		versioned := &admission.VersionedAttributes{Attributes: attributes, VersionedKind: kind, VersionedObject: admission.NewLazyObject(r.pod)}
		request := &admissionv1.AdmissionRequest{UID: "u", Kind: metav1.GroupVersionKind(kind), Resource: metav1.GroupVersionResource(resource), Name: "a", Namespace: "b", Operation: admissionv1.Create}
		var refusing []string
		for i, evaluator := range evaluators {
			results, _, err := evaluator.ForInput(tb.Context(), versioned, request, parameters, nil, celconfig.RuntimeCELCostBudget)
			if err != nil || results[0].Error != nil {
				tb.Fatalf("%s: %v %v", names[i], err, results)
			}
			if results[0].EvalResult.Value() != true {
				refusing = append(refusing, names[i])
			}
		}
		slices.Sort(refusing)
		return refusing
	}
}

// expression of CEL.
type expression struct {
	name, text string
	types      []*celgo.Type
}

func (e expression) GetName() string            { return e.name }
func (e expression) GetExpression() string      { return e.text }
func (e expression) ReturnTypes() []*celgo.Type { return e.types }
