package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

func newPolicyBench(env Env) *cobra.Command {
	var (
		out    format
		length time.Duration
	)
	cmd := &cobra.Command{
		Use:   "bench DIR",
		Short: "Measure what each policy costs",
		Long: `Evaluates every policy alone over each of its examples, again and again for --time, and
shows the time, allocations and bytes of one evaluation, averaged over the examples, and
which example is slowest.

Exit code 0 if all were measured, 1 if not, 2 on misuse.`,
		Example: `  gatehouse policy bench policies
  gatehouse policy bench --time 1s policies/pods/images -o json`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if length <= 0 {
				return misuse("--time must be positive")
			}
			costs, err := benchPolicies(cmd.Context(), env, args[0], length)
			if err != nil {
				return err
			}
			answer := map[string]any{"policies": costs}
			return out.show(env.Out, answer, func() error { return printCosts(env, costs) })
		},
	}
	out.bind(cmd)
	cmd.Flags().DurationVar(&length, "time", 100*time.Millisecond, "how long each policy is measured")
	return cmd
}

func benchPolicies(ctx context.Context, env Env, dir string, length time.Duration) ([]policytest.Cost, error) {
	set, program, err := env.compileDir(ctx, dir)
	if err != nil {
		return nil, err
	}
	var rules []string
	for _, info := range program.Rules() {
		if set.has(info.Rule) || strings.HasPrefix(set.under, info.Rule+"/") {
			rules = append(rules, info.Rule)
		}
	}
	return policytest.Bench(ctx, set.files(), program, length, rules...)
}

func printCosts(env Env, costs []policytest.Cost) error {
	t := table{}
	t.add("POLICY", "EXAMPLES", "NS", "ALLOCS", "BYTES", "SLOWEST", "NS")
	for _, c := range costs {
		t.add(c.Rule, fmt.Sprint(c.Examples), fmt.Sprint(c.Nanoseconds), fmt.Sprint(c.Allocations), fmt.Sprint(c.Bytes), c.Slowest, fmt.Sprint(c.SlowestNanoseconds))
	}
	return t.write(env.Out)
}
