package policytest

import (
	"context"
	"io/fs"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// Report says what was found about a set of policies.
type Report struct {
	// Digest of the compiled set, empty when it does not compile.
	Digest   string         `json:"digest"`
	Policies []PolicyReport `json:"policies"`
	// Problems of files that belong to no one policy, and of policies, by file.
	Problems []engine.Problem `json:"problems"`
}

// PolicyReport counts what proves one policy.
type PolicyReport struct {
	engine.RuleInfo
	Tests int `json:"tests"`
	// Coverage is the part of the rule's lines that tests reach, in percent.
	Coverage float64   `json:"coverage"`
	Pass     []Example `json:"pass"`
	Fail     []Example `json:"fail"`
}

// OK reports whether nothing was found wrong.
func (r Report) OK() bool { return len(r.Problems) == 0 }

// Run proves a set of policies. The error is for sets that cannot be looked at; what is
// wrong with the policies is in the report.
func Run(ctx context.Context, fsys fs.FS) (Report, error) {
	var report Report
	files, err := regoFiles(fsys)
	if err != nil {
		return report, err
	}
	report.Problems = append(report.Problems, checkFormat(files)...)
	program, problems, err := compile(ctx, fsys)
	if err != nil {
		return report, err
	}
	report.Problems = append(report.Problems, problems...)
	if program == nil {
		return report, nil
	}
	report.Digest = program.Digest()
	run, err := runTests(ctx, fsys, files)
	if err != nil {
		return report, err
	}
	report.Problems = append(report.Problems, run.problems...)
	for _, info := range program.Rules() {
		p := PolicyReport{RuleInfo: info, Tests: run.tests[info.Rule], Coverage: run.coverage[info.Rule]}
		if p.Tests == 0 {
			report.add(info.Rule+"/rule_test.rego", "has no test")
		}
		p.Pass, p.Fail, err = runExamples(ctx, fsys, program, info.Rule, &report)
		if err != nil {
			return report, err
		}
		report.Policies = append(report.Policies, p)
	}
	slices.SortStableFunc(report.Problems, func(a, b engine.Problem) int {
		if c := strings.Compare(a.File, b.File); c != 0 {
			return c
		}
		return a.Line - b.Line
	})
	return report, nil
}

func (r *Report) add(file, text string) {
	r.Problems = append(r.Problems, engine.Problem{File: file, Text: text})
}
