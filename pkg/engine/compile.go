package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"maps"
	"slices"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown/cache"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine/growth"
	"gatehouse.dev/gatehouse/pkg/engine/plan"
)

// Compile makes a Program of a set of policies, or says everything that is wrong with
// it as a *CompileError. It ends with the canary: a set that lets it pass is refused.
func Compile(ctx context.Context, o Options) (*Program, error) {
	src, err := readSources(o)
	if err != nil {
		return nil, err
	}
	if o.Capabilities != nil {
		src.capabilities = o.Capabilities
	}
	allowed, err := readCapabilities(src, o)
	if err != nil {
		return nil, err
	}
	compiler, err := newCompiler(src, allowed)
	if err != nil {
		return nil, err
	}
	if o.Unoptimized {
		compiler.WithSkipStages(ast.StageBuildComprehensionIndices)
	}
	modules, policies, err := parse(src, allowed, o)
	if err != nil {
		return nil, err
	}
	bad := &CompileError{}
	if compiler.Compile(modules); compiler.Failed() {
		bad.addOPA("policies", compiler.Errors)
		return nil, bad
	}
	for _, p := range src.policies {
		checkReferences(compiler, compiler.Modules[p.file], packageOf(p.rule), bad)
	}
	for _, file := range slices.Sorted(maps.Keys(src.libraries)) {
		checkReferences(compiler, compiler.Modules[file], libraryPackage(file), bad)
	}
	for _, f := range growth.Check(compiler) {
		bad.add(f.File, f.Line, "%s", f.Text)
	}
	if err := bad.orNil(); err != nil {
		return nil, err
	}
	program := &Program{
		policies: policies,
		digest:   digest(src, policies, o.PodKinds),
		budget:   o.Timeout,
		watch:    o.Watchdog,
		compiler: compiler,
		values:   cache.NewInterQueryValueCache(ctx, nil),
		builtins: o.builtins,
		reads:    readsOf(compiler.Modules),
		indexing: !o.Unoptimized,
	}
	if program.budget <= 0 {
		program.budget = 2 * time.Second
	}
	if program.watch == nil {
		program.watch = NewWatchdog(o.MaxOrphans)
	}
	if program.questions, err = newQuestions(compiler, policies, o.PodKinds); err != nil {
		return nil, err
	}
	if !o.NoPlan && !o.Unoptimized {
		if err := program.makePlan(ctx, modules, plan.Options{Capabilities: allowed, Builtins: o.builtins, Strict: true}); err != nil {
			return nil, err
		}
	}
	if !o.NoCanary {
		if err := program.sing(ctx, o.Canary); err != nil {
			return nil, err
		}
		program.questions.forget()
	}
	if err := program.addConstraints(o); err != nil {
		return nil, err
	}
	return program, nil
}

// readCapabilities reads the allow-list, without which nothing compiles.
func readCapabilities(src *sources, o Options) (*ast.Capabilities, error) {
	if len(src.capabilities) == 0 {
		return nil, fmt.Errorf("no %s: the allow-list of built-ins is missing", capabilitiesFile)
	}
	allowed, err := ast.LoadCapabilitiesJSON(bytes.NewReader(src.capabilities))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", capabilitiesFile, err)
	}
	// nil would mean every host.
	allowed.AllowNet = []string{}
	for _, name := range slices.Sorted(maps.Keys(o.decls)) {
		allowed.Builtins = append(allowed.Builtins, o.decls[name])
	}
	return allowed, nil
}

func newCompiler(src *sources, allowed *ast.Capabilities) (*ast.Compiler, error) {
	if len(src.schema) == 0 {
		return nil, fmt.Errorf("no %s: without it a misspelled field is undefined, and so silent", schemaFile)
	}
	var schema any
	if err := json.Unmarshal(src.schema, &schema); err != nil {
		return nil, fmt.Errorf("%s: %w", schemaFile, err)
	}
	set := ast.NewSchemaSet()
	set.Put(ast.SchemaRootRef, schema)
	return ast.NewCompiler().WithCapabilities(allowed).WithStrict(true).WithSchemas(set).
		// Enabled to be refused: otherwise the compiler drops what prints without a word.
		WithEnablePrintStatements(true), nil
}

// parse reads every module, checks its outer form and binds its parameters.
func parse(src *sources, allowed *ast.Capabilities, o Options) (map[string]*ast.Module, []*policy, error) {
	bad := &CompileError{}
	modules := map[string]*ast.Module{}
	var policies []*policy
	for _, s := range src.policies {
		module := parseModule(s.file, s.text, packageOf(s.rule), allowed, bad)
		if module == nil {
			continue
		}
		p := readPolicy(s, module, o, bad)
		if err := bindParameters(module, len(policies)); err != nil {
			bad.addOPA(s.file, err)
		}
		modules[s.file] = module
		policies = append(policies, p)
	}
	for _, file := range slices.Sorted(maps.Keys(src.libraries)) {
		if module := parseModule(file, src.libraries[file], libraryPackage(file), allowed, bad); module != nil {
			modules[file] = module
		}
	}
	checkNames(src, o, bad)
	constantsModule, err := parametersModule(policies)
	if err != nil {
		bad.addOPA(parametersPackage, err)
	}
	modules[parametersPackage] = constantsModule
	return modules, policies, bad.orNil()
}

// checkNames refuses settings for policies that are not there: a misspelled name would
// set nothing.
func checkNames(src *sources, o Options, bad *CompileError) {
	known := map[string]bool{}
	for _, s := range src.policies {
		known[s.rule] = true
	}
	check := func(what string, names iter.Seq[string]) {
		for _, rule := range slices.Sorted(names) {
			if !known[rule] {
				bad.add(rule, 0, "%s for a policy that is not there", what)
			}
		}
	}
	check("enforcement is set", maps.Keys(o.Enforcement))
	check("parameters are set", maps.Keys(o.Parameters))
	check("match is set", maps.Keys(o.Narrow))
	check("exemptions are made", maps.Keys(o.Exemptions))
	check("parameters are delegated", maps.Keys(o.Delegable))
}

func parseModule(file, text string, want ast.Ref, allowed *ast.Capabilities, bad *CompileError) *ast.Module {
	module, err := ast.ParseModuleWithOpts(file, text, ast.ParserOptions{ProcessAnnotation: true, Capabilities: allowed})
	if err != nil {
		bad.addOPA(file, err)
		return nil
	}
	if module == nil {
		bad.add(file, 0, "is empty")
		return nil
	}
	if !module.Package.Path.Equal(want) {
		bad.add(file, row(module.Package.Location), "package %s: the folder demands %s",
			packageText(module.Package.Path), packageText(want))
		return nil
	}
	checkNegations(module, bad)
	return module
}

func readPolicy(s source, module *ast.Module, o Options, bad *CompileError) *policy {
	p := &policy{rule: s.rule, enforcement: v1alpha1.EnforcementDeny, narrow: o.Narrow[s.rule].orAll(), exemptions: o.Exemptions[s.rule]}
	meta, line, err := readMetadata(module)
	if err != nil {
		bad.add(s.file, line, "%v", err)
	}
	p.meta = meta
	if p.parameters, err = mergeParameters(meta.parameters, o.Parameters[s.rule]); err != nil {
		bad.add(s.file, line, "%v", err)
	}
	if err := p.narrow.validate(); err != nil {
		bad.add(s.file, 0, "spec.match: %v", err)
	}
	if p.delegable, err = o.Delegable[s.rule].checked(p.parameters); err != nil {
		bad.add(s.file, line, "%v", err)
	}
	outputs := &CompileError{}
	p.outputs = readOutputs(module, outputs)
	bad.Problems = append(bad.Problems, outputs.Problems...)
	if e, ok := o.Enforcement[s.rule]; ok {
		switch e {
		case v1alpha1.EnforcementDeny, v1alpha1.EnforcementWarn, v1alpha1.EnforcementAudit, v1alpha1.EnforcementOff:
			p.enforcement = e
		default:
			bad.add(s.file, 0, "enforcement %q is none of deny, warn, audit, off", e)
		}
	}
	return p
}
