package cli

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// checkedSet is what check found.
type checkedSet struct {
	// Digest names the set as the decision log does; empty when it does not compile.
	Digest   string            `json:"digest"`
	Policies []engine.RuleInfo `json:"policies"`
	Problems []engine.Problem  `json:"problems"`
}

func newPolicyCheck(env Env) *cobra.Command {
	var out format
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Compile policies as the webhook does",
		Long: `Compiles the set strictly, under the same allow-list of built-in functions and against the
same input schema as the webhook, and lists its policies. No test runs.

Exit code 0 if it compiles, 1 if not, 2 on misuse.`,
		Example: `  gatehouse policy check policies
  gatehouse policy check policies -o json`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return checkPolicies(cmd.Context(), env, args[0], out) },
	}
	out.bind(cmd)
	return cmd
}

func checkPolicies(ctx context.Context, env Env, dir string, out format) error {
	set, err := openSet(dir)
	if err != nil {
		return err
	}
	found, err := compileSet(ctx, set)
	if err != nil {
		return err
	}
	if err := out.show(env.Out, found, func() error { return printChecked(env, set, found) }); err != nil {
		return err
	}
	return failed(found.Problems)
}

func compileSet(ctx context.Context, set policySet) (checkedSet, error) {
	found := checkedSet{Policies: []engine.RuleInfo{}, Problems: []engine.Problem{}}
	files := set.files()
	// The canary is one of Gatehouse's own policies and must deny what it is there to
	// deny; a set of somebody's own need not have it.
	_, err := fs.Stat(files, engine.DefaultCanary().Rule)
	program, err := engine.Compile(ctx, engine.Options{Policies: files, NoCanary: err != nil})
	var list *engine.CompileError
	switch {
	case errors.As(err, &list):
		found.Problems = list.Problems
		return found, nil
	case err != nil:
		return found, fmt.Errorf("compile %s: %w", set.root, err)
	}
	found.Digest = program.Digest()
	for _, info := range program.Rules() {
		if set.has(info.Rule) || strings.HasPrefix(set.under, info.Rule+"/") {
			found.Policies = append(found.Policies, info)
		}
	}
	return found, nil
}

func printChecked(env Env, set policySet, found checkedSet) error {
	printProblems(env, set, found.Problems)
	if len(found.Policies) == 0 {
		return nil
	}
	t := table{}
	t.add("POLICY", "RESULTS", "OPERATIONS", "KINDS", "TITLE")
	for _, p := range found.Policies {
		t.add(p.Rule, strings.Join(p.Outputs, ","), strings.Join(p.Match.Operations, ","), few(p.Match.Kinds), p.Title)
	}
	if err := t.write(env.Out); err != nil {
		return err
	}
	_, err := fmt.Fprintf(env.Out, "\ndigest %s\n", found.Digest)
	return err
}

// few keeps a long list short.
func few(names []string) string {
	const most = 3
	if len(names) <= most {
		return strings.Join(names, ",")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ","), len(names)-most)
}
