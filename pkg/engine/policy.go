package engine

import (
	"fmt"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// The rules that a policy may have. The first three are sets, demand is an object.
const (
	outDeny   = "deny"
	outWarn   = "warn"
	outMutate = "mutate"
	outDemand = "demand"
)

// policy is one rule.rego, ready to be asked.
type policy struct {
	rule        string
	meta        metadata
	enforcement v1alpha1.Enforcement
	parameters  map[string]any
	outputs     map[string]bool
	narrow      Match
	exemptions  []Exemption
	delegable   Delegation
}

// fits reports whether a policy looks at such a review.
func (p *policy) fits(group, kind, operation string) bool {
	return p.meta.match.fits(group, kind, operation) && p.narrow.fits(group, kind, operation)
}

// packageOf gives the package that a policy's folder demands.
func packageOf(rule string) ast.Ref {
	ref := ast.Ref{ast.DefaultRootDocument}
	for _, part := range strings.Split(rule, "/") {
		ref = append(ref, ast.StringTerm(part))
	}
	return ref
}

// libraryPackage gives the package that a library file demands: lib/text.rego is lib.text.
func libraryPackage(file string) ast.Ref {
	return packageOf(strings.TrimSuffix(file, ".rego"))
}

// packageText writes a package path as Rego does.
func packageText(ref ast.Ref) string {
	return strings.TrimPrefix(ref.String(), "data.")
}

// readOutputs finds which results a policy has and refuses those of another form: a
// complete `deny := msg` would be undefined, and so silent, where a set is empty.
func readOutputs(module *ast.Module, bad *CompileError) map[string]bool {
	found := map[string]bool{}
	for _, rule := range module.Rules {
		name := rule.Head.Ref()[0].Value.String()
		if name = strings.Trim(name, `"`); !isOutput(name) {
			continue
		}
		file, line := rule.Location.File, rule.Location.Row
		switch {
		case name == outDemand && !isPartialObject(rule):
			bad.add(file, line, "write %s[dimension] := amount", outDemand)
		case name != outDemand && (rule.Head.RuleKind() != ast.MultiValue || len(rule.Head.Ref()) != 1):
			bad.add(file, line, "write `%s contains ...`", name)
		default:
			found[name] = true
		}
	}
	if len(found) == 0 && len(bad.Problems) == 0 {
		bad.add(module.Package.Location.File, row(module.Package.Location),
			"has none of deny, warn, mutate, demand")
	}
	return found
}

func isOutput(name string) bool {
	return name == outDeny || name == outWarn || name == outMutate || name == outDemand
}

func isPartialObject(rule *ast.Rule) bool {
	return !rule.Default && rule.Head.RuleKind() == ast.SingleValue && len(rule.Head.Ref()) == 2 && len(rule.Head.Args) == 0
}

// checkReferences refuses, in a compiled module, what type checks let pass and what
// would be undefined, and so silent, when it is asked: data that nobody provides,
// another policy's package, and input as a whole, which hides misspelled fields and
// the policy's parameters.
func checkReferences(c *ast.Compiler, module *ast.Module, own ast.Ref, bad *CompileError) {
	for _, rule := range module.Rules {
		file := rule.Location.File
		line := rule.Location.Row
		ast.WalkTerms(rule, func(t *ast.Term) bool {
			if t.Location != nil && t.Location.Row > 0 {
				line = t.Location.Row
			}
			ref, ok := t.Value.(ast.Ref)
			if !ok {
				return false
			}
			if problem := referenceProblem(c, ref, own); problem != "" {
				bad.add(file, line, "%s", problem)
			}
			return false
		})
	}
}

func referenceProblem(c *ast.Compiler, ref, own ast.Ref) string {
	switch {
	case len(ref) == 0:
		return ""
	case ref[0].Equal(ast.InputRootDocument):
		if len(ref) == 1 {
			return "input as a whole: name a field of it, as in object.get(input.request, \"object\", null)"
		}
		name, ok := ref[1].Value.(ast.String)
		if !ok {
			return "input[...]: name the field"
		}
		if name == "parameters" {
			return "input.parameters belongs to a policy's own rule.rego, in full"
		}
	case ref[0].Equal(ast.DefaultRootDocument):
		prefix := ref.ConstantPrefix()
		if len(prefix) < 2 {
			return "data as a whole: name the document"
		}
		switch prefix[1].Value.Compare(ast.String(factsRoot)) {
		case 0:
			return ""
		}
		parameters := ast.MustParseRef("data." + parametersPackage)
		library := ast.MustParseRef("data." + libraryFolder)
		if !prefix.HasPrefix(own) && !prefix.HasPrefix(parameters) && !prefix.HasPrefix(library) {
			return fmt.Sprintf("%s: a policy may read its own package, data.%s and data.%s", ref, libraryFolder, factsRoot)
		}
		if len(c.GetRulesForVirtualDocument(prefix)) == 0 && len(c.GetRulesWithPrefix(prefix)) == 0 {
			return fmt.Sprintf("%s: there is no such rule", ref)
		}
	}
	return ""
}
