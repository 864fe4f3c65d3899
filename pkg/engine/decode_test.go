package engine

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func TestDecode(t *testing.T) {
	document := ast.MustParseTerm(`{
		"a/deny": {"enforcement": "deny", "deny": {"z", {"msg": "m", "details": {"n": 1}}}, "warn": {"w"}},
		"a/warn": {"enforcement": "warn", "deny": {"d"}, "warn": {"w"}},
		"a/audit": {"enforcement": "audit", "deny": {"d"}, "warn": {"w"}},
		"a/demand": {"enforcement": "audit", "demand": {"cpu": "500m", "sessions": 1, "a/demand/tokens": 2.5}},
		"a/also": {"enforcement": "deny", "demand": {"cpu": 0.5}},
		"b/set": {"enforcement": "deny", "mutate": {{"path": "/spec/x", "value": false}, {"path": "/a~1b", "value": null}}},
		"b/same": {"enforcement": "deny", "mutate": {{"path": "/spec/x", "value": false}}},
		"b/only": {"enforcement": "audit", "mutate": {{"path": "/spec/y", "value": 1}}},
		"b/nothing": {"enforcement": "deny", "deny": set(), "demand": {}, "mutate": set()}
	}`).Value
	got, err := Decode(document)
	if err != nil {
		t.Fatal(err)
	}
	want := Result{
		Denials:  []Finding{{Rule: "a/deny", Msg: "z"}, {Rule: "a/deny", Msg: "m", Details: map[string]any{"n": "1"}}},
		Warnings: []Finding{{Rule: "a/deny", Msg: "w"}, {Rule: "a/warn", Msg: "d"}, {Rule: "a/warn", Msg: "w"}},
		Audited:  []Finding{{Rule: "a/audit", Msg: "d"}, {Rule: "a/audit", Msg: "w"}},
		Mutations: []Mutation{
			{Rule: "b/set", Path: "/a~1b", Value: nil},
			{Rule: "b/same", Path: "/spec/x", Value: false},
		},
		Demands: []Demand{
			{Rule: "a/demand", Dimension: "a/demand/tokens", Amount: resource.MustParse("2.5"), Enforcement: v1alpha1.EnforcementAudit},
			{Rule: "a/also", Dimension: "cpu", Amount: resource.MustParse("0.5"), Enforcement: v1alpha1.EnforcementDeny},
			{Rule: "a/demand", Dimension: "sessions", Amount: resource.MustParse("1"), Enforcement: v1alpha1.EnforcementAudit},
		},
	}
	numbers := cmp.Transformer("details", func(m map[string]any) map[string]string {
		out := map[string]string{}
		for k, v := range m {
			out[k] = ast.MustInterfaceToValue(v).String()
		}
		return out
	})
	want.Denials[1].Details = map[string]any{"n": 1}
	if diff := cmp.Diff(want, got, numbers); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestDecodeRefuses wants an error for every shape that is not agreed.
func TestDecodeRefuses(t *testing.T) {
	tests := map[string]struct {
		document string
		want     error
		text     string
	}{
		"null":              {`null`, ErrShape, "the result is null"},
		"list":              {`[]`, ErrShape, "the result is array"},
		"set":               {`set()`, ErrShape, "the result is set"},
		"rule of a number":  {`{7: {"enforcement": "deny"}}`, ErrShape, "a key is number"},
		"entry":             {`{"a/b": []}`, ErrShape, "a/b: odd shape: it is array"},
		"no enforcement":    {`{"a/b": {"deny": set()}}`, ErrShape, "no enforcement"},
		"odd enforcement":   {`{"a/b": {"enforcement": "off", "deny": set()}}`, ErrShape, "enforcement is"},
		"unknown field":     {`{"a/b": {"enforcement": "deny", "allow": true}}`, ErrShape, `a/b: allow: odd shape: unknown field`},
		"deny of a boolean": {`{"a/b": {"enforcement": "deny", "deny": true}}`, ErrShape, "a/b: deny: odd shape: it is boolean, not a set"},
		"deny of a list":    {`{"a/b": {"enforcement": "deny", "deny": ["x"]}}`, ErrShape, "it is array, not a set"},
		"message's type":    {`{"a/b": {"enforcement": "deny", "deny": {7}}}`, ErrShape, "a message is number"},
		"null message":      {`{"a/b": {"enforcement": "deny", "deny": {null}}}`, ErrShape, "a message is null"},
		"empty message":     {`{"a/b": {"enforcement": "deny", "deny": {""}}}`, ErrShape, "a message is empty"},
		"no msg":            {`{"a/b": {"enforcement": "deny", "deny": {{"details": 1}}}}`, ErrShape, "a message is empty"},
		"msg's type":        {`{"a/b": {"enforcement": "deny", "deny": {{"msg": ["x"]}}}}`, ErrShape, "msg: odd shape: it is array"},
		"message's field":   {`{"a/b": {"enforcement": "deny", "deny": {{"msg": "x", "code": 1}}}}`, ErrShape, "code: odd shape: unknown field"},
		"demand of a set":   {`{"a/b": {"enforcement": "deny", "demand": {"sessions"}}}`, ErrShape, "it is set, not an object"},
		"negative":          {`{"a/b": {"enforcement": "deny", "demand": {"sessions": -1}}}`, ErrShape, "amount -1 is negative"},
		"no number":         {`{"a/b": {"enforcement": "deny", "demand": {"sessions": "many"}}}`, ErrShape, `amount "many"`},
		"empty amount":      {`{"a/b": {"enforcement": "deny", "demand": {"sessions": ""}}}`, ErrShape, `amount ""`},
		"true":              {`{"a/b": {"enforcement": "deny", "demand": {"sessions": true}}}`, ErrShape, "the amount is boolean"},
		"long amount":       {`{"a/b": {"enforcement": "deny", "demand": {"sessions": "` + strings.Repeat("1", 65) + `"}}}`, ErrShape, "65 characters"},
		"dimension":         {`{"a/b": {"enforcement": "deny", "demand": {"Sessions!": 1}}}`, ErrShape, "Sessions!: odd shape: no dimension's name"},
		"private":           {`{"a/b": {"enforcement": "deny", "demand": {"a/c/tokens": 1}}}`, ErrShape, "private to another policy"},
		"private by prefix": {`{"a/b": {"enforcement": "deny", "demand": {"a/bc/tokens": 1}}}`, ErrShape, "private to another policy"},
		"demands differ":    {`{"a/b": {"enforcement": "deny", "demand": {"cpu": 1}}, "a/c": {"enforcement": "deny", "demand": {"cpu": "2"}}}`, ErrConflict, "a/b demands 1 of cpu, a/c demands 2"},
		"mutate's entry":    {`{"a/b": {"enforcement": "deny", "mutate": {"/x"}}}`, ErrShape, "a mutation is string"},
		"no path":           {`{"a/b": {"enforcement": "deny", "mutate": {{"value": 1}}}}`, ErrShape, "needs path and value"},
		"no value":          {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "/x"}}}}`, ErrShape, "needs path and value"},
		"dotted path":       {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "spec.x", "value": 1}}}}`, ErrShape, "is no JSON pointer"},
		"bad escape":        {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "/a~2", "value": 1}}}}`, ErrShape, "is no JSON pointer"},
		"mutation's field":  {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "/a", "value": 1, "op": "remove"}}}}`, ErrShape, "op: odd shape"},
		"values differ":     {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "/x", "value": 1}}}, "a/c": {"enforcement": "deny", "mutate": {{"path": "/x", "value": 2}}}}`, ErrConflict, "a/b and a/c set different values at /x"},
		"one differs":       {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "/x", "value": 1}, {"path": "/x", "value": 2}}}}`, ErrConflict, "different values at /x"},
		"inside another":    {`{"a/b": {"enforcement": "deny", "mutate": {{"path": "/x", "value": {}}, {"path": "/x-y", "value": 1}}}, "a/c": {"enforcement": "deny", "mutate": {{"path": "/x/y", "value": 2}}}}`, ErrConflict, "a/c sets /x/y, inside what a/b sets at /x"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := Decode(ast.MustParseTerm(tt.document).Value)
			if !errors.Is(err, tt.want) || !strings.Contains(err.Error(), tt.text) {
				t.Errorf("got  %v\nwant %v with %s", err, tt.want, tt.text)
			}
			if !cmp.Equal(got, Result{}) {
				t.Errorf("an error came with a result: %v", got)
			}
		})
	}
	if _, err := Decode(nil); !errors.Is(err, ErrShape) {
		t.Errorf("nil: %v", err)
	}
}

func TestQuantity(t *testing.T) {
	for text, want := range map[string]string{
		`1`: "1", `1.0`: "1", `0`: "0", `1e3`: "1000", `0.5`: "500m", `"16Gi"`: "16Gi", `"2"`: "2", `-0`: "0",
	} {
		got, err := quantity(ast.MustParseTerm(text).Value)
		if err != nil || got.Cmp(resource.MustParse(want)) != 0 {
			t.Errorf("%s: got %s, %v, want %s", text, got.String(), err, want)
		}
	}
}

func TestEnforcementOfWarnings(t *testing.T) {
	module := map[string]string{"a/b": "package a.b\n\ndeny contains \"d\"\n\nwarn contains \"w\"\n\ndemand[\"sessions\"] := 1\n"}
	for enforcement, want := range map[v1alpha1.Enforcement][4]int{
		"":                        {1, 1, 0, 1},
		v1alpha1.EnforcementDeny:  {1, 1, 0, 1},
		v1alpha1.EnforcementWarn:  {0, 2, 0, 1},
		v1alpha1.EnforcementAudit: {0, 0, 2, 1},
		v1alpha1.EnforcementOff:   {0, 0, 0, 0},
	} {
		p := compiled(t, module, func(o *Options) {
			if enforcement != "" {
				o.Enforcement = map[string]v1alpha1.Enforcement{"a/b": enforcement}
			}
		})
		r, err := decided(t, p, write(t, "", "Pod", "CREATE"))
		if err != nil {
			t.Fatal(err)
		}
		if got := [4]int{len(r.Denials), len(r.Warnings), len(r.Audited), len(r.Demands)}; got != want {
			t.Errorf("%q: got %v, want %v", enforcement, got, want)
		}
	}
}
