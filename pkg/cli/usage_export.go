package cli

import (
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/quota/record"
)

func newUsageExport(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "export FILE",
		Short: "Turn usage records into rows for a bill",
		Long: `Reads the usage records that the provisioner writes (--usage-records), one CloudEvent a line,
and writes each use once as a row of FOCUS 1.2, as CSV: the organization is the billing
account, the tenant its sub-account. Costs are 0: prices are not known here. FILE may be -
for the standard input.`,
		Example: `  gatehouse usage export records.jsonl > usage.csv`,
		Args:    between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error {
			in := env.In
			if args[0] != "-" {
				f, err := os.Open(args[0])
				if err != nil {
					return fmt.Errorf("usage records: %w", err)
				}
				defer func() { _ = f.Close() }()
				in = f
			}
			found, err := record.Read(in)
			if err != nil {
				return fmt.Errorf("%s: %w", args[0], err)
			}
			return record.WriteFOCUS(env.Out, found)
		},
	}
}
