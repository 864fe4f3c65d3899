package command

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/test/cluster/process"
)

func status() *cobra.Command {
	var output string
	cmd := &cobra.Command{
		Use:     "status",
		Short:   "List the processes; exit 1 unless all are ready",
		Example: "  cluster status -o json",
		Args:    cobra.NoArgs,
		RunE: onSupervisor(func(cmd *cobra.Command, remote *process.Remote, _ []string) error {
			if output != "" && output != "json" {
				return fmt.Errorf("output %q; want json or nothing", output)
			}
			reports, err := remote.Reports(cmd.Context())
			if err != nil {
				return err
			}
			if err := printReports(cmd.OutOrStdout(), reports, output); err != nil {
				return err
			}
			for _, report := range reports {
				if !report.Ready {
					return errors.New("not every process is ready")
				}
			}
			return nil
		}),
	}
	cmd.Flags().StringVarP(&output, "output", "o", "", "json for programs")
	return cmd
}

func printReports(out io.Writer, reports []process.Report, format string) error {
	if format == "json" {
		encoder := json.NewEncoder(out)
		encoder.SetIndent("", "  ")
		return encoder.Encode(reports)
	}
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "PROCESS\tPID\tREADY\tMEMORY\tADDRESS\tMESSAGE")
	for _, report := range reports {
		pid, memory := "-", "-"
		if report.PID != 0 {
			pid = fmt.Sprint(report.PID)
			memory = fmt.Sprintf("%d MiB", report.RSS>>20)
		}
		fmt.Fprintf(table, "%s\t%s\t%t\t%s\t%s\t%s\n", report.Process, pid, report.Ready, memory, report.Address, report.Message)
	}
	return table.Flush()
}
