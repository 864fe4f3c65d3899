package cli

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

func newPolicyDocs(env Env) *cobra.Command {
	var out format
	cmd := &cobra.Command{
		Use:   "docs DIR",
		Short: "Write policies down as Markdown",
		Long: `Writes what policies say of themselves: a table, and for each its description, what it looks
at, its parameters with their defaults, the incidents that it answers (the CVEs in its
METADATA) and its examples, which are its tests. The page of the built-in policies is made
by the same code.

Exit code 0 if the policies compile, 1 if not, 2 on misuse.`,
		Example: `  gatehouse policy docs policies > policies.md
  gatehouse policy docs policies/pods -o json`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			set, report, err := prove(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if report.Digest == "" {
				printProblems(env, set, report.Problems)
				return silent(errors.New("the policies do not compile"))
			}
			return out.show(env.Out, report.Policies, func() error {
				_, err := io.WriteString(env.Out, policytest.Document(report))
				return err
			})
		},
	}
	out.bind(cmd)
	return cmd
}
