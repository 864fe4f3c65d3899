package gatekeeper

import (
	"errors"
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/engine/growth"
)

// Where a template's Rego lives: the entry module under a name of ours, libraries under
// their own, and what the store shows.
const (
	entryPackage = "template"
	libRoot      = "lib"
	// InventoryRoot is where referential constraints find other objects.
	InventoryRoot = "inventory"

	violation = "violation"
)

// AnswerVar is bound to all violations by a template's question.
const AnswerVar = ast.Var("violations")

// Code is a template's Rego, ready to be asked. It has a compiler of its own, so that
// templates neither see nor break each other. It is safe for concurrent use.
type Code struct {
	Compiler *ast.Compiler
	// Question binds AnswerVar to the document of violations.
	Question      ast.Body
	QueryCompiler ast.QueryCompiler
	// Inventory is set when it reads data.inventory.
	Inventory bool
	// Complete is set when violation is no set: then it may be undefined.
	Complete bool
	// Metadata is set when it reads what only status and finalizer writes change.
	Metadata bool
}

// compile parses and compiles a template's modules.
func compile(doc Document, s source) (*Code, Problems) {
	c := &compilation{doc: doc, source: s, modules: map[string]*ast.Module{}}
	c.parse()
	if len(c.bad) > 0 {
		return nil, c.bad
	}
	compiler := ast.NewCompiler().WithCapabilities(capabilities()).WithEnablePrintStatements(false)
	if compiler.Compile(c.modules); compiler.Failed() {
		c.addOPA(s.field, compiler.Errors)
		return nil, c.bad
	}
	out := &Code{Compiler: compiler, Complete: c.complete}
	c.checkReferences(compiler, out)
	for _, f := range growth.Check(compiler) {
		c.bad = append(c.bad, c.doc.inText(f.File, f.Line, f.Text))
	}
	for _, text := range append([]string{s.rego}, s.libs...) {
		out.Metadata = out.Metadata || strings.Contains(text, "status") || strings.Contains(text, "finalizers") || strings.Contains(text, "managedFields")
	}
	body, err := ast.ParseBody(fmt.Sprintf("%s = data.%s.%s", AnswerVar, entryPackage, violation))
	if err == nil {
		out.QueryCompiler = compiler.QueryCompiler()
		out.Question, err = out.QueryCompiler.Compile(body)
	}
	if err != nil {
		c.addOPA(s.field, err)
	}
	return out, c.bad
}

// compilation collects what is wrong with one template's Rego. Modules are named after
// their fields.
type compilation struct {
	doc      Document
	source   source
	modules  map[string]*ast.Module
	complete bool
	bad      Problems
}

func (c *compilation) parse() {
	if entry := c.module(c.source.field, c.source.rego); entry != nil {
		c.checkEntry(entry)
	}
	for i, text := range c.source.libs {
		field := fmt.Sprintf("%s[%d]", c.source.libsField, i)
		lib := c.module(field, text)
		if lib == nil {
			continue
		}
		if path := lib.Package.Path; len(path) < 2 || path[1].Value.Compare(ast.String(libRoot)) != 0 {
			c.bad = append(c.bad, c.doc.inText(field, lib.Package.Location.Row,
				fmt.Sprintf("package %s: a library's package begins with %s", strings.TrimPrefix(path.String(), "data."), libRoot)))
		}
	}
}

// module parses one text, which must not be empty.
func (c *compilation) module(field, text string) *ast.Module {
	options := ast.ParserOptions{RegoVersion: ast.RegoV0, Capabilities: capabilities()}
	if c.source.v1 {
		options.RegoVersion = ast.RegoV1
	}
	module, err := ast.ParseModuleWithOpts(field, text, options)
	switch {
	case err != nil:
		c.addOPA(field, err)
		c.hint(field, text)
		return nil
	case module == nil:
		c.bad = append(c.bad, c.doc.at(field, "is empty"))
		return nil
	}
	c.modules[field] = module
	return module
}

// hint says so when a text that does not parse as version 0 is one of version 1.
func (c *compilation) hint(field, text string) {
	if c.source.v1 {
		return
	}
	if _, err := ast.ParseModuleWithOpts(field, text, ast.ParserOptions{RegoVersion: ast.RegoV1, Capabilities: capabilities()}); err == nil {
		c.bad = append(c.bad, c.doc.at(field, "it is Rego of version 1: put it in code with engine Rego and source.version v1"))
	}
}

// checkEntry wants a rule violation, and gives the module its package: whatever its
// author called it, it cannot be mistaken for a library.
func (c *compilation) checkEntry(entry *ast.Module) {
	entry.Package.Path = ast.MustParseRef("data." + entryPackage)
	found := false
	for _, rule := range entry.Rules {
		ref := rule.Head.Ref()
		if len(ref) == 0 || strings.Trim(ref[0].Value.String(), `"`) != violation {
			continue
		}
		found = true
		if len(rule.Head.Args) > 0 {
			c.bad = append(c.bad, c.doc.inText(c.source.field, rule.Location.Row, "violation is a function: write violation[{\"msg\": msg}]"))
		}
		if rule.Head.RuleKind() == ast.SingleValue && len(ref) == 1 {
			c.complete = true
		}
	}
	if !found {
		c.bad = append(c.bad, c.doc.at(c.source.field, "has no rule violation"))
	}
}

// addOPA takes over OPA's errors, each with its field and line.
func (c *compilation) addOPA(field string, err error) {
	var list ast.Errors
	var one *ast.Error
	switch {
	case errors.As(err, &list):
	case errors.As(err, &one):
		list = ast.Errors{one}
	default:
		c.bad = append(c.bad, c.doc.at(field, "%v", err))
		return
	}
	for _, item := range list {
		line, at := 0, field
		if item.Location != nil {
			line = item.Location.Row
			if item.Location.File != "" {
				at = item.Location.File
			}
		}
		text := item.Code + ": " + item.Message
		if name, ok := strings.CutPrefix(item.Message, "undefined function "); ok {
			if why := whyRefused(name); why != "" {
				text += ", which is refused: " + why
			}
		}
		c.bad = append(c.bad, c.doc.inText(at, line, text))
	}
}
