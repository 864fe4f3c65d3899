package plan_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"

	"gatehouse.dev/gatehouse/pkg/engine/plan"
)

// TestNoPlanIsAnError: what goes wrong with modules of somebody's, a panic too, is told and
// ends nothing.
func TestNoPlanIsAnError(t *testing.T) {
	module := ast.MustParseModule("package a\n\np if test.f(1)\n")
	allowed := ast.CapabilitiesForThisVersion()
	allowed.Builtins = append(allowed.Builtins, &ast.Builtin{Name: "test.f", Decl: types.NewFunction(types.Args(types.A), types.B)})
	for name, tt := range map[string]struct {
		rules    []string
		builtins map[string]*topdown.Builtin
		says     string
	}{
		"nothing asked":         {nil, nil, "no rule is asked for"},
		"a rule that is not":    {[]string{"a/q"}, nil, "a/q"},
		"a function that lacks": {[]string{"a/p"}, nil, "test.f is not built in"},
		"a panic":               {[]string{"a/p"}, map[string]*topdown.Builtin{"test.f": nil}, "panic: "},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := plan.Compile(t.Context(), map[string]*ast.Module{"a.rego": module}, tt.rules, plan.Options{Capabilities: allowed, Builtins: tt.builtins})
			if p != nil || !errors.Is(err, plan.ErrUnplanned) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v, %v, want no plan because of %q", p, err, tt.says)
			}
		})
	}
}
