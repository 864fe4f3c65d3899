package plan

import (
	"context"
	"fmt"
	"reflect"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// idioms are functions that nearly every policy asks again and again, as they are written in
// Rego: how to read what a tenant wrote without believing its shape. A function that is planned
// alike, wherever it stands and whatever it is called, is answered in Go. That is a third of all
// statements of a review.
const idioms = `package idioms

at(value, path) := object.get(value, path, null) if is_object(value)

else := null

items(value) := value if is_array(value)

else := []

fields(value) := value if is_object(value)

else := {}

is_list(value) if type_name(value) in {"array", "null"}

is_map(value) if type_name(value) in {"object", "null"}

is_text(value) if type_name(value) in {"string", "null"}

used := [at(input, []), items(input), fields(input), is_list(input), is_map(input), is_text(input)]
`

// native answers a function of its operands beside input and data; nil is undefined.
type native struct {
	answer func(a, b *ast.Term) *ast.Term
	// yes says that the answer is true whenever there is one.
	yes bool
}

var natives = map[string]native{
	"at": {answer: func(value, path *ast.Term) *ast.Term {
		if t := objectGet(value, path, ast.InternedNullTerm); t != nil {
			return t
		}
		return ast.InternedNullTerm
	}},
	"items":   {answer: whole[*ast.Array](ast.InternedEmptyArray)},
	"fields":  {answer: whole[ast.Object](ast.InternedEmptyObject)},
	"is_list": {answer: whetherOrNull[*ast.Array], yes: true},
	"is_map":  {answer: whetherOrNull[ast.Object], yes: true},
	"is_text": {answer: whetherOrNull[ast.String], yes: true},
}

func whole[T ast.Value](otherwise *ast.Term) func(a, b *ast.Term) *ast.Term {
	return func(value, _ *ast.Term) *ast.Term {
		if is[T](value) {
			return value
		}
		return otherwise
	}
}

func whetherOrNull[T ast.Value](value, _ *ast.Term) *ast.Term {
	if is[T](value) || is[ast.Null](value) {
		return ast.InternedTerm(true)
	}
	return nil
}

// byShape finds the natives by the shapes of their functions, as this OPA plans them. Where it
// cannot plan them, there are none, and they are evaluated like all others.
var byShape = sync.OnceValue(func() map[string]native {
	found := map[string]native{}
	module, err := ast.ParseModule("idioms.rego", idioms)
	if err != nil {
		return found
	}
	policy, err := planned(context.Background(), map[string]*ast.Module{"idioms.rego": module}, []string{"idioms/used"}, Options{}) //nolint:forbidigo // Nothing is waited for.
	if err != nil {
		return found
	}
	for _, f := range policy.Funcs.Funcs {
		if answer, ok := natives[f.Name[strings.LastIndexByte(f.Name, '.')+1:]]; ok {
			found[shape(policy, f)] = answer
		}
	}
	return found
})

// shape writes down what a function does, with locals counted as they come: functions of one
// shape are the same but for their names and places.
func shape(policy *ir.Policy, f *ir.Func) string {
	w := shapeWriter{policy: policy, locals: map[ir.Local]int{}}
	w.write(reflect.ValueOf(f.Params))
	w.write(reflect.ValueOf(f.Return))
	w.write(reflect.ValueOf(f.Blocks))
	return w.text.String()
}

type shapeWriter struct {
	policy *ir.Policy
	locals map[ir.Local]int
	text   strings.Builder
}

func (w *shapeWriter) write(v reflect.Value) {
	switch x := v.Interface().(type) {
	case ir.Location:
		return
	case ir.Local:
		if _, known := w.locals[x]; !known {
			w.locals[x] = len(w.locals)
		}
		_, _ = fmt.Fprintf(&w.text, "l%d ", w.locals[x])
		return
	case ir.StringIndex:
		_, _ = fmt.Fprintf(&w.text, "%q ", w.policy.Static.Strings[x].Value)
		return
	case *ir.MakeNumberRefStmt:
		_, _ = fmt.Fprintf(&w.text, "number %q ", w.policy.Static.Strings[x.Index].Value)
		w.write(reflect.ValueOf(x.Target))
		return
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if !v.IsNil() {
			w.write(v.Elem())
		}
	case reflect.Struct:
		_, _ = fmt.Fprintf(&w.text, "%s( ", v.Type().Name())
		for i := range v.NumField() {
			w.write(v.Field(i))
		}
		w.text.WriteString(") ")
	case reflect.Slice:
		w.text.WriteString("[ ")
		for i := range v.Len() {
			w.write(v.Index(i))
		}
		w.text.WriteString("] ")
	default:
		_, _ = fmt.Fprintf(&w.text, "%#v ", v.Interface())
	}
}
