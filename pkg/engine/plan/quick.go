package plan

import "github.com/open-policy-agent/opa/v1/ast"

// quick are built-in functions that need no detour where their operands have the types that
// they mostly have; nil for others. What is of another type goes the long way, which knows
// every case.
func (l *linker) quick(name string, args []operand, target int) step {
	switch name {
	case ast.Equal.Name, ast.NotEqual.Name:
		want := name == ast.Equal.Name
		a, b := args[0], args[1]
		return func(f *frame) signal {
			x, y := a.read(f), b.read(f)
			if x == nil || y == nil {
				return sigUndefined
			}
			f.l[target] = ast.InternedTerm(same(x, y) == want)
			return sigNext
		}
	case ast.Member.Name:
		a, b := args[0], args[1]
		return func(f *frame) signal {
			x, y := a.read(f), b.read(f)
			if x == nil || y == nil {
				return sigUndefined
			}
			f.l[target] = ast.InternedTerm(contains(y.Value, x))
			return sigNext
		}
	}
	return nil
}

// contains reports whether a value is a member of a composite one.
func contains(in ast.Value, x *ast.Term) bool {
	switch in := in.(type) {
	case ast.Set:
		return in.Contains(x)
	case *ast.Array:
		return in.Until(func(t *ast.Term) bool { return same(t, x) })
	case ast.Object:
		return in.Until(func(_, t *ast.Term) bool { return same(t, x) })
	}
	return false
}
