package plan

import (
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

// constantOf gives the one constant that every body of a complete rule or function yields,
// nil where bodies yield different ones or something computed. Such a function is over with
// the first body that holds.
func (l *linker) constantOf(f *ir.Func) *ast.Term {
	c := &constants{returns: f.Return, linker: l, good: true}
	for i, b := range f.Blocks {
		// The default comes last but for the return, and only where nothing else held.
		c.fallback = i == len(f.Blocks)-2 && isDefault(b, f.Return)
		c.block(b)
	}
	if !c.good {
		return nil
	}
	return c.value
}

func isDefault(b *ir.Block, returns ir.Local) bool {
	if len(b.Stmts) == 0 {
		return false
	}
	s, ok := b.Stmts[0].(*ir.IsUndefinedStmt)
	return ok && s.Source == returns
}

type constants struct {
	*linker
	returns  ir.Local
	fallback bool
	value    *ast.Term
	good     bool
}

func (c *constants) block(b *ir.Block) {
	for _, s := range b.Stmts {
		switch s := s.(type) {
		case *ir.BlockStmt:
			for _, inner := range s.Blocks {
				c.block(inner)
			}
		case *ir.ScanStmt:
			c.block(s.Block)
		case *ir.NotStmt:
			c.block(s.Block)
		case *ir.WithStmt:
			c.block(s.Block)
		case *ir.AssignVarOnceStmt:
			c.assigned(s)
		}
	}
}

func (c *constants) assigned(s *ir.AssignVarOnceStmt) {
	if _, computed := s.Source.Value.(*ir.Local); computed {
		// What the bodies yielded becomes the result; anything else was computed.
		c.good = c.good && s.Target == c.returns && !c.fallback
		return
	}
	if c.fallback {
		return
	}
	value := c.operand(s.Source).constant
	if c.value != nil && !same(c.value, value) {
		c.good = false
	}
	c.value = value
}
