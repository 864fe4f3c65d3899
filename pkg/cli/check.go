package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/review"
)

func newCheck(env Env) *cobra.Command {
	return judging(env, &cobra.Command{
		Use:   "check -f FILE --as USER",
		Short: "Say whether objects would be allowed",
		Long: `Runs the webhook's own decision over the creation of each object, in order; what was allowed
before counts against limits. The platform comes from files (--platform with --config)
and then no cluster is needed, or from the cluster as the calling user, who must be
allowed to read tenants, organizations, ledgers, policies and the configuration.

Of a folder everything below it is judged; files that are no manifests, such as templates
and kustomizations, are named with the reason. -o sarif and -o junit are for CI.

It says what Gatehouse says to people, service accounts, deployers and admins. What
controllers make rests on the passports of live objects and cannot be judged here; what
RBAC, schemas and other webhooks say, only the API server knows: kubectl create
--dry-run=server.

Exit code 0 if all are allowed, 1 if one is not, 2 on misuse.`,
		Example: `  gatehouse check -f session.yaml --as local:alice
  gatehouse check -f . --as local:alice -o sarif > gatehouse.sarif
  gatehouse check -f config/samples/session-alice.yaml --as local:alice \
      --platform config/samples --config config/manager/gatehouse.yaml`,
	}, func(_ context.Context, out *format, j *judge, results judgement) error {
		switch *out {
		case formatSARIF:
			return writeJSON(env.Out, sarifOf(j.program.Rules(), results))
		case formatJUnit:
			return writeJUnit(env.Out, results)
		}
		return out.show(env.Out, results, func() error { return printJudged(env, results) })
	}, formatSARIF, formatJUnit)
}

// judgement is what became of all objects.
type judgement struct {
	Results []judged     `json:"results"`
	Skipped []passedOver `json:"skipped"`
}

// judging makes a command judge the objects of its files and show what was decided.
func judging(env Env, cmd *cobra.Command, show func(context.Context, *format, *judge, judgement) error, more ...format) *cobra.Command {
	var (
		flags judgeFlags
		out   format
	)
	cmd.Args = between(0, 0)
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		j, results, err := flags.run(cmd.Context(), env)
		if err != nil {
			return err
		}
		if err := show(cmd.Context(), &out, j, results); err != nil {
			return err
		}
		return notAllowed(results.Results)
	}
	flags.bind(cmd)
	out.bind(cmd, more...)
	return cmd
}

// run judges every object of the files. What should have been readable and was not
// counts as an object that is not allowed.
func (f *judgeFlags) run(ctx context.Context, env Env) (*judge, judgement, error) {
	out := judgement{Results: []judged{}, Skipped: []passedOver{}}
	j, err := f.judge(ctx, env)
	if err != nil {
		return nil, out, err
	}
	all, err := readTree(env, f.files)
	if err != nil {
		return nil, out, err
	}
	for _, obj := range all.objects {
		result, err := j.create(ctx, obj.Unstructured)
		if err != nil {
			return nil, out, err
		}
		result.File, result.Line = obj.file, obj.line
		out.Results = append(out.Results, result)
	}
	for _, s := range all.skipped {
		if s.failed {
			out.Results = append(out.Results, judged{Object: "-", File: s.File, Line: 1, Outcome: review.Broken.String(), Rules: []string{}, Message: s.Reason})
			continue
		}
		out.Skipped = append(out.Skipped, s)
	}
	return j, out, nil
}

func notAllowed(results []judged) error {
	bad := 0
	for _, r := range results {
		if r.verdict.Outcome != review.Allowed {
			bad++
		}
	}
	if bad == 0 {
		return nil
	}
	return silent(fmt.Errorf("%d of %d objects are not allowed", bad, len(results)))
}

func printJudged(env Env, all judgement) error {
	places := slices.ContainsFunc(all.Results, func(r judged) bool { return r.File != all.Results[0].File }) || len(all.Skipped) > 0
	t := table{}
	row := func(place string, cells ...string) {
		if places {
			cells = append(cells, place)
		}
		t.add(cells...)
	}
	row("FILE", "RESULT", "OBJECT", "RULES")
	for _, r := range all.Results {
		row(fmt.Sprintf("%s:%d", r.File, r.Line), r.Outcome, r.Object, strings.Join(r.Rules, ","))
	}
	if err := t.write(env.Out); err != nil {
		return err
	}
	for _, r := range all.Results {
		for _, w := range r.Warnings {
			fmt.Fprintln(env.Err, "Warning: "+cell(w))
		}
		for line := range strings.Lines(r.Message) {
			fmt.Fprintln(env.Err, cell(strings.TrimSuffix(line, "\n")))
		}
	}
	printSkipped(env, all.Skipped)
	return nil
}

func printSkipped(env Env, skipped []passedOver) {
	for _, s := range skipped {
		fmt.Fprintf(env.Err, "skipped %s: %s\n", cell(s.File), cell(s.Reason))
	}
}
