package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// parametersPackage holds one rule a policy with its parameters: a constant under data
// costs an evaluation next to nothing, where `with input.parameters as ...` would
// switch off caching for everything below it.
const parametersPackage = "gatehouse.parameters"

// parameterText finds the constants in OPA's messages, for which people know another name.
var parameterText = regexp.MustCompile(`data\.gatehouse\.parameters\.p[0-9]+`)

func parametersRule(index int) string { return fmt.Sprintf("p%d", index) }

// mergeParameters lays given values over a policy's defaults.
func mergeParameters(defaults, given map[string]any) (map[string]any, error) {
	merged := maps.Clone(defaults)
	if merged == nil {
		merged = map[string]any{}
	}
	for _, key := range slices.Sorted(maps.Keys(given)) {
		def, ok := defaults[key]
		if !ok {
			return nil, fmt.Errorf("parameter %q is unknown; METADATA declares %q", key, slices.Sorted(maps.Keys(defaults)))
		}
		value, err := plainJSON(given[key])
		if err != nil {
			return nil, fmt.Errorf("parameter %q: %w", key, err)
		}
		if err := sameShape(def, value); err != nil {
			return nil, fmt.Errorf("parameter %q: %w", key, err)
		}
		merged[key] = value
	}
	return merged, nil
}

// sameShape wants values of the kinds that the default shows: a list of numbers where
// names are wanted would match nothing, and so allow.
func sameShape(def, value any) error {
	if kindOf(def) != kindOf(value) {
		return fmt.Errorf("want %s as in the default, got %s", kindOf(def), kindOf(value))
	}
	switch d := def.(type) {
	case []any:
		if len(d) == 0 {
			return nil
		}
		for i, item := range value.([]any) {
			if err := sameShape(d[0], item); err != nil {
				return fmt.Errorf("[%d]: %w", i, err)
			}
		}
	case map[string]any:
		for key, item := range value.(map[string]any) {
			want, ok := d[key]
			if !ok {
				continue
			}
			if err := sameShape(want, item); err != nil {
				return fmt.Errorf("%s: %w", key, err)
			}
		}
	}
	return nil
}

func kindOf(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case string:
		return "a string"
	case bool:
		return "a boolean"
	case json.Number, float64, int, int64:
		return "a number"
	case []any:
		return "a list"
	case map[string]any:
		return "an object"
	}
	return fmt.Sprintf("%T", v)
}

// plainJSON brings a Go value into JSON's own types.
func plainJSON(v any) (any, error) {
	raw, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	var out any
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	return out, d.Decode(&out)
}

// strictJSON decodes one document without unknown fields.
func strictJSON(raw []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return err
	}
	if d.More() {
		return errors.New("trailing data")
	}
	return nil
}

// bindParameters points input.parameters of a module at the policy's own constant.
func bindParameters(module *ast.Module, index int) error {
	constant := ast.MustParseRef("data." + parametersPackage + "." + parametersRule(index))
	swap := func(ref ast.Ref) (ast.Value, error) {
		if !isParameters(ref) {
			return ref, nil
		}
		bound := make(ast.Ref, 0, len(constant)+len(ref)-2)
		for _, t := range constant {
			// Errors should name the place in the policy.
			bound = append(bound, &ast.Term{Value: t.Value, Location: ref[0].Location})
		}
		return append(bound, ref[2:]...), nil
	}
	if _, err := ast.TransformRefs(module, swap); err != nil {
		return err
	}
	// OPA's transformer leaves out what `some x in ...` ranges over.
	var failed error
	ast.WalkExprs(module, func(e *ast.Expr) bool {
		if some, ok := e.Terms.(*ast.SomeDecl); ok {
			for _, symbol := range some.Symbols {
				value, err := ast.TransformRefs(symbol.Value, swap)
				if err != nil {
					failed = err
				} else if v, ok := value.(ast.Value); ok {
					symbol.Value = v
				}
			}
		}
		return false
	})
	return failed
}

func isParameters(ref ast.Ref) bool {
	return len(ref) >= 2 && ref[0].Equal(ast.InputRootDocument) && ref[1].Value.Compare(ast.String("parameters")) == 0
}

// parametersModule writes the constants of all policies. What organizations may set is
// no constant: it is looked up among the facts, the rest stays.
func parametersModule(all []*policy) (*ast.Module, error) {
	var b bytes.Buffer
	b.WriteString("package " + parametersPackage + "\n")
	for i, p := range all {
		raw, err := json.Marshal(p.parameters)
		if err != nil {
			return nil, err
		}
		if len(p.delegable) == 0 {
			fmt.Fprintf(&b, "%s := %s\n", parametersRule(i), raw)
			continue
		}
		keys, err := json.Marshal(slices.Sorted(maps.Keys(p.delegable)))
		if err != nil {
			return nil, err
		}
		fmt.Fprintf(&b, "d%d := {k: v | some k, v in data.%s.%s[%q]; k in %s}\n", i, factsRoot, delegatedRoot, p.rule, keys)
		fmt.Fprintf(&b, "%s := {k: v | some k, b in %s; v := object.get(d%d, k, b)}\n", parametersRule(i), raw, i)
	}
	return ast.ParseModule(parametersPackage, b.String())
}
