package cli

import (
	"context"
	"fmt"
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
allowed to read tenants, organizations, ledgers and the configuration.

It says what Gatehouse says to people, service accounts, deployers and admins. What
controllers make rests on the passports of live objects and cannot be judged here; what
RBAC, schemas and other webhooks say, only the API server knows: kubectl create
--dry-run=server.

Exit code 0 if all are allowed, 1 if one is not, 2 on misuse.`,
		Example: `  gatehouse check -f session.yaml --as local:alice
  gatehouse check -f config/samples/session-alice.yaml --as local:alice \
      --platform config/samples --config config/manager/gatehouse.yaml`,
	}, func(out *format, _ *judge, results []judged) error {
		return out.show(env.Out, map[string]any{"results": results}, func() error { return printJudged(env, results) })
	})
}

// judging makes a command judge the objects of its files and show what was decided.
func judging(env Env, cmd *cobra.Command, show func(*format, *judge, []judged) error) *cobra.Command {
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
		if err := show(&out, j, results); err != nil {
			return err
		}
		return notAllowed(results)
	}
	flags.bind(cmd)
	out.bind(cmd)
	return cmd
}

// run judges every object of the files.
func (f *judgeFlags) run(ctx context.Context, env Env) (*judge, []judged, error) {
	j, err := f.judge(ctx, env)
	if err != nil {
		return nil, nil, err
	}
	objects, err := readManifests(env, f.files)
	if err != nil {
		return nil, nil, err
	}
	results := make([]judged, 0, len(objects))
	for _, obj := range objects {
		result, err := j.create(ctx, obj)
		if err != nil {
			return nil, nil, err
		}
		results = append(results, result)
	}
	return j, results, nil
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

func printJudged(env Env, results []judged) error {
	t := table{}
	t.add("RESULT", "OBJECT", "RULES")
	for _, r := range results {
		t.add(r.Outcome, r.Object, strings.Join(r.Rules, ","))
	}
	if err := t.write(env.Out); err != nil {
		return err
	}
	for _, r := range results {
		for _, w := range r.Warnings {
			fmt.Fprintln(env.Err, "Warning: "+cell(w))
		}
		for line := range strings.Lines(r.Message) {
			fmt.Fprintln(env.Err, cell(strings.TrimSuffix(line, "\n")))
		}
	}
	return nil
}
