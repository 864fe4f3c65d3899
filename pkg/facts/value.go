package facts

import (
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// object builds an ast.Object from alternating keys and values.
func object(pairs ...any) ast.Object {
	out := ast.NewObject()
	for i := 0; i+1 < len(pairs); i += 2 {
		key, _ := pairs[i].(string)
		value, _ := pairs[i+1].(ast.Value)
		out.Insert(ast.StringTerm(key), ast.NewTerm(value))
	}
	return out
}

func stringsValue(list []string) ast.Value {
	terms := make([]*ast.Term, 0, len(list))
	for _, s := range list {
		terms = append(terms, ast.StringTerm(s))
	}
	return ast.NewArray(terms...)
}

func mapValue(m map[string]string) ast.Value {
	out := ast.NewObject()
	for k, v := range m {
		out.Insert(ast.StringTerm(k), ast.StringTerm(v))
	}
	return out
}

func itoa(n int64) string { return strconv.FormatInt(n, 10) }
