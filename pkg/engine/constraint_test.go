package engine

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// constraintSet makes templates of kind K0, K1 and so on, of a Rego body and target
// fields each, and a constraint of each with the spec given.
func constraintSet(t *testing.T, parts ...[3]string) *gatekeeper.Set {
	t.Helper()
	var docs []gatekeeper.Document
	for i, part := range parts {
		rego := strings.ReplaceAll("package k\n\n"+part[0], "\n", "\n        ")
		text := fmt.Sprintf("apiVersion: templates.gatekeeper.sh/v1beta1\nkind: ConstraintTemplate\nmetadata: {name: k%d}\nspec:\n  crd: {spec: {names: {kind: K%d}}}\n"+
			"  targets:\n    - target: admission.k8s.gatekeeper.sh\n%s      rego: |\n        %s\n---\n"+
			"apiVersion: constraints.gatekeeper.sh/v1beta1\nkind: K%d\nmetadata: {name: one}\nspec: %s\n", i, i, part[1], rego, i, part[2])
		more, err := gatekeeper.Decode("set.yaml", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		docs = append(docs, more...)
	}
	set, err := gatekeeper.New(docs, nil)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const never = `violation[{"msg": msg, "details": {"x": 1}}] { msg := sprintf("never %v", [input.review.name]) }`

func programWith(t *testing.T, set *gatekeeper.Set, change ...func(*Options)) *Program {
	t.Helper()
	return compiled(t, map[string]string{"a/b": "package a.b\n\ndeny contains \"policy\" if input.caller.role == \"bad\"\n"},
		append(change, func(o *Options) { o.Constraints = set })...)
}

// pod is a review of gatehouse.dev/v1.
func pod(t *testing.T, operation, object, old, namespace string) ast.Value {
	t.Helper()
	if object == "" {
		object = "null"
	}
	if old == "" {
		old = "null"
	}
	if namespace == "" {
		namespace = "null"
	}
	v, err := ObjectValue(fmt.Appendf(nil, `{"caller": {"role": "bad"}, "now": "2026-01-02T00:00:00Z", "namespace": %s, "request": {"kind": {"group": "", "version": "v1", "kind": "Pod"},
		"name": "web", "namespace": "team", "subResource": "", "operation": %q, "userInfo": {}, "object": %s, "oldObject": %s}}`, namespace, operation, object, old))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

const (
	plainPod = `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "team"}, "spec": {"a": 1}}`
	otherPod = `{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web", "namespace": "team"}, "spec": {"a": 2}}`
)

// TestConstraintsAnswer asks policies and constraints in one review, and wants every
// action where it belongs.
func TestConstraintsAnswer(t *testing.T) {
	set := constraintSet(t, [3]string{never, "", "{}"}, [3]string{never, "", "{enforcementAction: warn}"}, [3]string{never, "", "{enforcementAction: dryrun}"},
		[3]string{never, "", "{enforcementAction: scoped, scopedEnforcementActions: [{action: deny, enforcementPoints: [{name: gator.gatekeeper.sh}]}]}"},
		[3]string{never, "", "{match: {kinds: [{kinds: [Job]}]}}"})
	p := programWith(t, set)
	got, err := decided(t, p, pod(t, "CREATE", plainPod, "", ""))
	if err != nil {
		t.Fatal(err)
	}
	finding := func(rule string) Finding {
		return Finding{Rule: rule, Msg: "never web", Details: map[string]any{"x": json.Number("1")}}
	}
	want := Result{Denials: []Finding{{Rule: "a/b", Msg: "policy"}, finding("k0/one")}, Warnings: []Finding{finding("k1/one")}, Audited: []Finding{finding("k2/one")}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	files := programWith(t, set, func(o *Options) { o.Point = gatekeeper.PointFiles })
	if got, err = decided(t, files, pod(t, "CREATE", plainPod, "", "")); err != nil || len(got.Denials) != 3 {
		t.Errorf("at another point: got %v, %v", got, err)
	}
	var rules []string
	for _, info := range p.Rules() {
		rules = append(rules, info.Rule)
	}
	if diff := cmp.Diff([]string{"a/b", "k0/one", "k1/one", "k2/one", "k4/one"}, rules); diff != "" {
		t.Errorf("rules (-want +got):\n%s", diff)
	}
	if !p.Matches("batch", "Job", "CREATE") || files.Digest() == p.Digest() || programWith(t, nil).Digest() == p.Digest() {
		t.Error("Matches or Digest passes constraints over")
	}
}

// TestWhatConstraintsLookAt holds which writes they are asked about.
func TestWhatConstraintsLookAt(t *testing.T) {
	status := strings.Replace(plainPod, `"spec"`, `"status": {"phase": "Running"}, "spec"`, 1)
	finalized := strings.Replace(plainPod, `"namespace"`, `"finalizers": ["x"], "resourceVersion": "7", "namespace"`, 1)
	labelled := strings.Replace(plainPod, `"namespace"`, `"labels": {"x": "y"}, "namespace"`, 1)
	readsStatus := `violation[{"msg": "never web"}] { object.get(input.review.object, "status", {}) == {} } { input.review.object.status }`
	for name, tt := range map[string]struct {
		rego, target, operation, object, old string
		want                                 int
	}{
		"a creation":                      {never, "", "CREATE", plainPod, "", 1},
		"a change":                        {never, "", "UPDATE", otherPod, plainPod, 1},
		"a deletion":                      {never, "", "DELETE", "", plainPod, 0},
		"a deletion that it asks for":     {never, "      operations: [DELETE]\n", "DELETE", "", plainPod, 1},
		"a creation that it does not":     {never, "      operations: [DELETE]\n", "CREATE", plainPod, "", 0},
		"all operations":                  {never, "      operations: ['*']\n", "CONNECT", plainPod, "", 1},
		"status alone":                    {never, "", "UPDATE", status, plainPod, 0},
		"status, which it reads":          {readsStatus, "", "UPDATE", status, plainPod, 1},
		"finalizers alone":                {never, "", "UPDATE", finalized, plainPod, 0},
		"finalizers gone":                 {never, "", "UPDATE", plainPod, finalized, 0},
		"a label":                         {never, "", "UPDATE", labelled, plainPod, 1},
		"a label gone":                    {never, "", "UPDATE", plainPod, labelled, 1},
		"a label, with status":            {never, "", "UPDATE", strings.Replace(labelled, `"spec"`, `"status": {}, "spec"`, 1), plainPod, 1},
		"nothing":                         {never, "", "UPDATE", plainPod, plainPod, 0},
		"what goes is the object of it":   {`violation[{"msg": "x"}] { input.review.object.spec.a == 1 }`, "      operations: [DELETE]\n", "DELETE", "", plainPod, 1},
		"absent is not empty":             {`violation[{"msg": "x"}] { not input.review.subResource; not input.review.requestKind; input.review.operation == "CREATE"; input.review.oldObject == null }`, "", "CREATE", plainPod, "", 1},
		"parameters are never absent":     {`violation[{"msg": "x"}] { input == {"review": input.review, "parameters": {}} }`, "", "CREATE", plainPod, "", 1},
		"the clock is the review's":       {`violation[{"msg": "x"}] { time.now_ns() == time.parse_rfc3339_ns("2026-01-02T00:00:00Z") }`, "", "CREATE", plainPod, "", 1},
		"a built-in that fails is silent": {`violation[{"msg": "x"}] { to_number("x") } { not to_number("x") }`, "", "CREATE", plainPod, "", 1},
		"the same twice":                  {`violation[{"msg": "x"}] { true } violation[{"msg": "x", "details": {}, "more": 1}] { true }`, "", "CREATE", plainPod, "", 1},
		"a message that is an object":     {`violation[{"msg": {"a": 1}}] { true }`, "", "CREATE", plainPod, "", 1},
		"no message":                      {`violation[{"details": {}}] { true }`, "", "CREATE", plainPod, "", 1},
		"a message alone":                 {`violation["x"] { true }`, "", "CREATE", plainPod, "", 1},
		"a list":                          {`violation = [{"msg": "x"}, {"msg": "y"}] { true }`, "", "CREATE", plainPod, "", 2},
		"an undefined list":               {`violation = [{"msg": "x"}] { false }`, "", "CREATE", plainPod, "", 0},
		"an object":                       {`violation["a"] = {"msg": "x"} { true }`, "", "CREATE", plainPod, "", 1},
	} {
		t.Run(name, func(t *testing.T) {
			for _, unoptimized := range []bool{false, true} {
				p := programWith(t, constraintSet(t, [3]string{tt.rego, tt.target, "{match: {kinds: [{kinds: [Pod]}]}}"}), func(o *Options) { o.Unoptimized = unoptimized })
				got, err := decided(t, p, pod(t, tt.operation, tt.object, tt.old, ""))
				if err != nil {
					t.Fatal(err)
				}
				if len(got.Denials) != tt.want+1 {
					t.Errorf("unoptimized %v: got %v, want %d beside the policy's", unoptimized, got.Denials, tt.want)
				}
			}
		})
	}
}

// TestConstraintsUndecided wants an error, never silence, where nobody can tell.
func TestConstraintsUndecided(t *testing.T) {
	selector := "{match: {namespaceSelector: {matchLabels: {a: b}}}}"
	for name, tt := range map[string]struct{ rego, spec, namespace, want string }{
		"namespace not known":   {never, selector, "null", "k0/one"},
		"two values":            {"two = 1 { true }\ntwo = 2 { true }\nviolation[{\"msg\": two}] { true }", "{}", "null", "k0/one spec.targets[0].rego:"},
		"violation is a number": {"violation = 7 { true }", "{}", "null", "violation is number"},
		"violation is true":     {"violation { true }", "{}", "null", "violation is boolean"},
	} {
		p := programWith(t, constraintSet(t, [3]string{tt.rego, "", tt.spec}))
		_, err := p.Eval(context.Background(), pod(t, "CREATE", plainPod, "", tt.namespace), nil)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %s", name, err, tt.want)
		}
	}
	p := programWith(t, constraintSet(t, [3]string{never, "", selector}))
	for labels, want := range map[string]int{`{"a": "b"}`: 2, `{"a": "c"}`: 1, `{}`: 1} {
		got, err := decided(t, p, pod(t, "CREATE", plainPod, "", `{"name": "team", "labels": `+labels+`}`))
		if err != nil || len(got.Denials) != want {
			t.Errorf("%s: got %v, %v, want %d", labels, got.Denials, err, want)
		}
	}
}

// TestConstraintsAreBounded ends one that would never.
func TestConstraintsAreBounded(t *testing.T) {
	loop := `violation[{"msg": "x"}] { a := [x | x := walk(input.review)[_]]; b := a[_]; c := a[_]; d := a[_]; e := a[_]; f := a[_]; g := a[_]; h := a[_]; i := a[_]; count([b, c, d, e, f, g, h, i]) == 1 }`
	p := programWith(t, constraintSet(t, [3]string{loop, "", "{}"}), func(o *Options) { o.Timeout = 1 })
	if _, err := p.Eval(context.Background(), pod(t, "CREATE", plainPod, "", ""), nil); !errors.Is(err, ErrTimeout) {
		t.Errorf("got %v, want %v", err, ErrTimeout)
	}
}

func TestConstraintsClash(t *testing.T) {
	files := set(t, map[string]string{"k0/one": "package k0.one\n\ndeny contains \"no\"\n"})
	_, err := Compile(context.Background(), Options{Policies: files, NoCanary: true, Constraints: constraintSet(t, [3]string{never, "", "{}"})})
	if err == nil || !strings.Contains(err.Error(), "k0/one: a constraint has the name of a policy") {
		t.Errorf("got %v", err)
	}
}

// inventoried is a snapshot with other objects.
type inventoried struct {
	facts
	inventory *gatekeeper.Inventory
}

func (i inventoried) Inventory() *gatekeeper.Inventory { return i.inventory }

func TestConstraintsRefer(t *testing.T) {
	inventory, err := gatekeeper.NewInventory([]ast.Value{ast.MustParseTerm(`{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a", "namespace": "other"}}`).Value})
	if err != nil {
		t.Fatal(err)
	}
	refers := `violation[{"msg": name}] { data.inventory.namespace[_]["v1"].Pod[name] }` + "\n" + `violation[{"msg": "facts"}] { data.inventory.facts }`
	p := programWith(t, constraintSet(t, [3]string{refers, "", "{}"}, [3]string{refers, "", "{match: {namespaces: [team]}}"}))
	document, err := p.Eval(context.Background(), pod(t, "CREATE", plainPod, "", ""), inventoried{facts{ast.NewObject()}, inventory})
	if err != nil {
		t.Fatal(err)
	}
	got, err := Decode(document)
	if err != nil || len(got.Denials) != 2 || got.Denials[1].Rule != "k0/one" || got.Denials[1].Msg != "a" {
		t.Errorf("got %v, %v", got.Denials, err)
	}
	if got, err = decided(t, p, pod(t, "CREATE", plainPod, "", "")); err != nil || len(got.Denials) != 1 {
		t.Errorf("without an inventory: got %v, %v", got.Denials, err)
	}
}

// TestOffMeansOff keeps an evaluation from constraints that are enforced elsewhere.
func TestOffMeansOff(t *testing.T) {
	for action, want := range map[string]v1alpha1.Enforcement{"deny": "deny", "warn": "warn"} {
		set := constraintSet(t, [3]string{never, "", "{enforcementAction: " + action + "}"})
		if got := programWith(t, set).Rules()[1].Enforcement; got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
}
