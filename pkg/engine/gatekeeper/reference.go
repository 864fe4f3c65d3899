package gatekeeper

import (
	"fmt"
	"maps"
	"slices"

	"github.com/open-policy-agent/opa/v1/ast"
)

// checkReferences refuses, in compiled modules, data that nobody provides: it would be
// undefined, and so silent, when a constraint is asked.
func (c *compilation) checkReferences(compiler *ast.Compiler, code *Code) {
	for _, field := range slices.Sorted(maps.Keys(c.modules)) {
		module := compiler.Modules[field]
		for _, rule := range module.Rules {
			line := rule.Location.Row
			ast.WalkTerms(rule, func(t *ast.Term) bool {
				if t.Location != nil && t.Location.Row > 0 {
					line = t.Location.Row
				}
				ref, ok := t.Value.(ast.Ref)
				if !ok || !ref[0].Equal(ast.DefaultRootDocument) {
					return false
				}
				if problem := foreign(compiler, ref, code); problem != "" {
					c.bad = append(c.bad, c.doc.inText(field, line, problem))
				}
				return false
			})
		}
	}
}

// foreign says what is wrong with a reference into data, if anything.
func foreign(compiler *ast.Compiler, ref ast.Ref, code *Code) string {
	prefix := ref.ConstantPrefix()
	if len(prefix) < 2 {
		return "data as a whole: name the document"
	}
	root, _ := prefix[1].Value.(ast.String)
	switch string(root) {
	case InventoryRoot:
		code.Inventory = true
		return ""
	case entryPackage, libRoot:
		if len(compiler.GetRulesForVirtualDocument(prefix)) == 0 && len(compiler.GetRulesWithPrefix(prefix)) == 0 {
			return fmt.Sprintf("%s: there is no such rule", ref)
		}
		return ""
	}
	return fmt.Sprintf("%s: a template may read data.%s and data.%s", ref, InventoryRoot, libRoot)
}
