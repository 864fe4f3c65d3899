package cli

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/audit/recording"
	"gatehouse.dev/gatehouse/pkg/audit/recording/replay"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
)

// replayFlags say what is asked about what.
type replayFlags struct {
	recordings, with, config string
	examples                 int
}

func newReplay(env Env) *cobra.Command {
	var (
		flags replayFlags
		out   format
	)
	cmd := &cobra.Command{
		Use:   "replay --recordings DIR --with DIR",
		Short: "Say which past decisions a changed set of policies would turn",
		Long: `Asks policies about decisions that the webhook recorded (recordings in its configuration)
and compares what each rule says with what was said then. --with takes ` + policiesHelp + `.

Secrets are no part of a recording: where they stood are keyed hashes. A rule that looked
at one is indeterminate, which is counted; to hand one on, or to compare two of them, is no
look. Quota is not asked again: what a rule demands is compared.

Exit code 0 if no decision turns, 1 if one does or a rule fails, 2 on misuse.`,
		Example: `  gatehouse replay --recordings /var/lib/gatehouse/recordings --with policies
  gatehouse replay --recordings recordings --with stricter-images.yaml -o json`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			report, err := flags.run(cmd.Context(), env)
			if err != nil {
				return err
			}
			if err := out.show(env.Out, report, func() error { return printReplay(env, report) }); err != nil {
				return err
			}
			if n := report.Turned(); n > 0 {
				return silent(fmt.Errorf("%d decisions would turn", n))
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&flags.recordings, "recordings", "", "folder with recordings")
	cmd.Flags().StringVar(&flags.with, "with", "", policiesHelp)
	cmd.Flags().StringVar(&flags.config, "config", "", "configuration file with parameters of built-in policies")
	cmd.Flags().IntVar(&flags.examples, "examples", 3, "how many examples of each change are shown for a rule")
	out.bind(cmd)
	return cmd
}

func (f *replayFlags) run(ctx context.Context, env Env) (replay.Report, error) {
	if f.recordings == "" || f.with == "" || f.examples < 0 {
		return replay.Report{}, misuse("--recordings DIR and --with DIR are needed, and --examples is not negative")
	}
	o := engine.Options{Unoptimized: true}
	if f.config != "" {
		c, err := config.Load(f.config)
		if err != nil {
			return replay.Report{}, err
		}
		o.Parameters, o.PodKinds = c.PolicyParameters(), c.PodKinds()
	}
	program, err := env.compile(ctx, f.with, storedPolicies{}, o)
	if err != nil {
		return replay.Report{}, err
	}
	r := replay.New(program, f.examples)
	unreadable := 0
	broken, err := recording.Read(f.recordings, func(record recording.Record) error {
		if err := r.Ask(ctx, record); err != nil {
			unreadable++
		}
		return ctx.Err()
	})
	report := r.Report()
	report.Broken = broken + unreadable
	if err == nil && report.Decisions == 0 {
		err = errors.New("the recordings hold no decision that can be read")
	}
	return report, err
}

func printReplay(env Env, r replay.Report) error {
	t := table{}
	t.add("decisions", fmt.Sprint(r.Decisions))
	for _, change := range replay.Changes() {
		t.add(string(change), fmt.Sprint(r.Changes[change]))
	}
	if r.Broken > 0 {
		t.add("broken lines", fmt.Sprint(r.Broken))
	}
	if err := t.write(env.Out); err != nil || len(r.Rules) == 0 {
		return err
	}
	fmt.Fprintln(env.Out)
	t = table{}
	header := []string{"RULE"}
	shown := replay.Changes()[:len(replay.Changes())-1]
	for _, change := range shown {
		header = append(header, strings.ToUpper(string(change)))
	}
	t.add(header...)
	for _, rule := range r.Rules {
		row := []string{rule.Rule}
		for _, change := range shown {
			row = append(row, fmt.Sprint(rule.Changes[change]))
		}
		t.add(row...)
	}
	if err := t.write(env.Out); err != nil {
		return err
	}
	return printExamples(env, r)
}

func printExamples(env Env, r replay.Report) error {
	for _, rule := range r.Rules {
		for _, e := range rule.Examples {
			fmt.Fprintf(env.Out, "\n%s: %s\n", rule.Rule, e.Change)
			t := table{}
			t.add("  when", e.Time.UTC().Format(time.RFC3339)+", correlation "+cell(e.Correlation))
			t.add("  what", e.Operation+" "+e.Object+" by "+e.User)
			for _, text := range e.Before {
				t.add("  then", text)
			}
			for _, text := range e.After {
				t.add("  now", text)
			}
			if e.Look != "" {
				t.add("  looked", "at a replaced value at "+e.Look)
			}
			if e.Error != "" {
				t.add("  failed", e.Error)
			}
			if err := t.write(env.Out); err != nil {
				return err
			}
		}
	}
	return nil
}
