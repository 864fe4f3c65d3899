package main

import (
	"bytes"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strings"
)

// Names that the switched source uses; nothing else is called so.
const (
	variable = "GATEHOUSE_BREAK"
	helper   = "gatehouseBroken"
)

// point is one condition that can be broken.
type point struct {
	// where is <file>:<line>, text the condition.
	where, text string
	from, to    int
}

// points finds the conditions of a file.
func points(name string, source []byte) ([]point, error) {
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return nil, fmt.Errorf("parse %s: %w", name, err)
	}
	var out []point
	add := func(e ast.Expr) {
		at, end := set.Position(e.Pos()), set.Position(e.End())
		p := point{where: fmt.Sprintf("%s:%d", name, at.Line), text: string(source[at.Offset:end.Offset]), from: at.Offset, to: end.Offset}
		if !asksForError(p.text) {
			out = append(out, p)
		}
	}
	ast.Inspect(file, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.IfStmt:
			each(n.Cond, add)
		case *ast.SwitchStmt:
			if n.Tag != nil {
				return true
			}
			for _, c := range n.Body.List {
				for _, e := range c.(*ast.CaseClause).List {
					each(e, add)
				}
			}
		case *ast.ReturnStmt:
			for _, e := range n.Results {
				if b, ok := e.(*ast.BinaryExpr); ok && logical(b) {
					each(e, add)
				}
			}
		}
		return true
	})
	slices.SortFunc(out, func(a, b point) int { return a.from - b.from })
	return out, nil
}

// each gives the operands of && and ||, which are broken one at a time.
func each(e ast.Expr, add func(ast.Expr)) {
	switch e := e.(type) {
	case *ast.ParenExpr:
		each(e.X, add)
		return
	case *ast.BinaryExpr:
		if logical(e) {
			each(e.X, add)
			each(e.Y, add)
			return
		}
	}
	add(e)
}

func logical(b *ast.BinaryExpr) bool { return b.Op == token.LAND || b.Op == token.LOR }

func asksForError(text string) bool {
	return strings.HasSuffix(text, "err != nil") || strings.HasSuffix(text, "err == nil")
}

// switched is a file with a switch at each of its points, the first of which has a number.
func switched(source []byte, list []point, first int) []byte {
	var out bytes.Buffer
	last := 0
	for i, p := range list {
		out.Write(source[last:p.from])
		fmt.Fprintf(&out, "%s(%d, %s)", helper, first+i, p.text)
		last = p.to
	}
	out.Write(source[last:])
	return out.Bytes()
}

// helperFile is what the switches call: n is broken where the environment names it, to false,
// or to true where it names -n.
func helperFile(pkg string) []byte {
	return fmt.Appendf(nil, `package %[1]s

import (
	"os"
	"strconv"
)

var %[2]sNow, _ = strconv.Atoi(os.Getenv(%[3]q))

func %[2]s[B ~bool](n int, is B) B {
	switch %[2]sNow {
	case n:
		return false
	case -n:
		return true
	}
	return is
}
`, pkg, helper, variable)
}
