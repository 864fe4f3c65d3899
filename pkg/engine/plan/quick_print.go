package plan

import (
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
)

// quickText is how long a text may be that is printed the quick way, in bytes, and quickArgs how
// many: what is larger goes the long way, which bounds it.
const (
	quickText = 4 << 10
	quickArgs = 16
)

// printed is sprintf of texts and whole numbers by %s, %q, %d and %v, which is what messages
// are made with.
func printed(format, args *ast.Term) *ast.Term {
	verbs, isText := format.Value.(ast.String)
	list, isList := args.Value.(*ast.Array)
	if !isText || !isList || len(verbs) > quickText || list.Len() > quickArgs {
		return nil
	}
	out := make([]byte, 0, 128)
	next := 0
	for i := 0; i < len(verbs); i++ {
		if verbs[i] != '%' {
			out = append(out, verbs[i])
			continue
		}
		if i++; i == len(verbs) || next == list.Len() {
			return nil
		}
		var ok bool
		if out, ok = appendVerb(out, verbs[i], list.Elem(next).Value); !ok {
			return nil
		}
		next++
	}
	if next < list.Len() {
		return nil
	}
	return ast.StringTerm(string(out))
}

func appendVerb(out []byte, verb byte, value ast.Value) ([]byte, bool) {
	switch v := value.(type) {
	case ast.String:
		switch {
		case len(v) > quickText:
		case verb == 's', verb == 'v':
			return append(out, v...), true
		case verb == 'q':
			return strconv.AppendQuote(out, string(v)), true
		}
	case ast.Number:
		// 1.0 is a whole number, and yet printed as a fraction is.
		if (verb == 'd' || verb == 'v') && !strings.ContainsAny(string(v), ".eE") {
			n, ok := v.Int64()
			return strconv.AppendInt(out, n, 10), ok
		}
	}
	return out, false
}
