package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

func newPolicyTest(env Env) *cobra.Command {
	var out format
	cmd := &cobra.Command{
		Use:   "test DIR",
		Short: "Run everything that proves policies",
		Long: `Runs what continuous integration runs: format, strict compilation, the tests in
rule_test.rego, coverage of every line, and the examples under pass/ and fail/, which must be
answered alike with and without rule indexing and early exit.

Exit code 0 if nothing is wrong, 1 otherwise, 2 on misuse.`,
		Example: `  gatehouse policy test policies
  gatehouse policy test policies/models/granted -o json`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, report, err := prove(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if err := out.show(env.Out, report, func() error { return printReport(env, set, report) }); err != nil {
				return err
			}
			return failed(report.Problems)
		},
	}
	out.bind(cmd)
	return cmd
}

// prove runs the whole set, which is one compilation, and keeps what was asked for.
func prove(ctx context.Context, dir string) (policySet, policytest.Report, error) {
	set, err := openSet(dir)
	if err != nil {
		return set, policytest.Report{}, err
	}
	report, err := policytest.Run(ctx, set.files())
	if err != nil {
		return set, report, fmt.Errorf("test %s: %w", set.root, err)
	}
	kept := []policytest.PolicyReport{}
	for _, p := range report.Policies {
		if set.has(p.Rule) || strings.HasPrefix(set.under, p.Rule+"/") {
			kept = append(kept, p)
		}
	}
	report.Policies = kept
	if report.Digest != "" && len(report.Problems) == 0 {
		var rules []string
		for _, p := range kept {
			rules = append(rules, p.Rule)
		}
		if report.Problems, err = policytest.Optimizations(ctx, set.files(), rules...); err != nil {
			return set, report, fmt.Errorf("test %s: %w", set.root, err)
		}
	}
	if report.Problems = set.only(report.Problems, report.Digest != ""); report.Problems == nil {
		report.Problems = []engine.Problem{}
	}
	return set, report, nil
}

func printReport(env Env, set policySet, report policytest.Report) error {
	printProblems(env, set, report.Problems)
	if len(report.Policies) == 0 {
		return nil
	}
	t := table{}
	t.add("POLICY", "TESTS", "COVERAGE", "PASS", "FAIL", "TITLE")
	for _, p := range report.Policies {
		t.add(p.Rule, fmt.Sprint(p.Tests), percent(p.Coverage), fmt.Sprint(len(p.Pass)), fmt.Sprint(len(p.Fail)), p.Title)
	}
	return t.write(env.Out)
}

func percent(p float64) string { return fmt.Sprintf("%.1f %%", p) }
