package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"
)

// covered is one policy's line of coverage.
type covered struct {
	Rule     string  `json:"rule"`
	Tests    int     `json:"tests"`
	Coverage float64 `json:"coverage"` // percent of the rule's lines
}

func newPolicyCoverage(env Env) *cobra.Command {
	var (
		out format
		low float64
	)
	cmd := &cobra.Command{
		Use:   "coverage DIR",
		Short: "Say how much of each policy its tests reach",
		Long: `Runs the tests and shows the part of each rule's lines that they reach. gatehouse policy
test names the lines that none reaches.

Exit code 0 if every policy reaches --min, 1 if not, 2 on misuse.`,
		Example: `  gatehouse policy coverage policies
  gatehouse policy coverage --min 80 policies`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if low < 0 || low > 100 {
				return misuse("--min must be between 0 and 100")
			}
			set, report, err := prove(cmd.Context(), args[0])
			if err != nil {
				return err
			}
			if report.Digest == "" {
				printProblems(env, set, report.Problems)
				return silent(errors.New("the policies do not compile"))
			}
			lines, below := []covered{}, 0
			t := table{}
			t.add("POLICY", "TESTS", "COVERAGE")
			for _, p := range report.Policies {
				lines = append(lines, covered{p.Rule, p.Tests, p.Coverage})
				t.add(p.Rule, fmt.Sprint(p.Tests), percent(p.Coverage))
				if p.Coverage < low {
					below++
				}
			}
			answer := map[string]any{"policies": lines}
			if err := out.show(env.Out, answer, func() error { return t.write(env.Out) }); err != nil {
				return err
			}
			if below > 0 {
				return fmt.Errorf("%d of %d policies are below %s", below, len(lines), percent(low))
			}
			return nil
		},
	}
	out.bind(cmd)
	cmd.Flags().Float64Var(&low, "min", 100, "least coverage in percent")
	return cmd
}
