package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

// evaluated is what policies say of one review.
type evaluated struct {
	// Result is the document that the webhook decides by.
	Result any           `json:"result"`
	Rules  []evaluatedBy `json:"rules"`
}

// evaluatedBy is one policy asked alone.
type evaluatedBy struct {
	Rule   string   `json:"rule"`
	Says   []string `json:"says"`
	Error  string   `json:"error,omitempty"`
	Micros float64  `json:"microseconds"` // best of some evaluations
}

func newPolicyEval(env Env) *cobra.Command {
	var (
		out   format
		input string
	)
	cmd := &cobra.Command{
		Use:   "eval DIR --input FILE",
		Short: "Ask policies about one review",
		Long: `Evaluates the policies that look at a review and shows the result document, what each of
them says, and how long each takes alone. FILE is a whole input, an AdmissionReview or an
example of a policy; the last two are laid over schemas/base.yaml.

Exit code 0 if nothing denies, 1 if something does or fails, 2 on misuse.`,
		Example: `  gatehouse policy eval policies --input policies/models/granted/fail/not-granted.yaml
  gatehouse policy eval policies/models --input review.json -o json`,
		Args: between(1, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if input == "" {
				return misuse("--input FILE is needed")
			}
			return evalPolicies(cmd.Context(), env, args[0], input, &out)
		},
	}
	cmd.Flags().StringVar(&input, "input", "", "file with the review, in YAML or JSON, - for standard input")
	out.bind(cmd)
	return cmd
}

func evalPolicies(ctx context.Context, env Env, dir, file string, out *format) error {
	set, program, err := env.compileDir(ctx, dir)
	if err != nil {
		return err
	}
	raw, err := readFile(env, file)
	if err != nil {
		return err
	}
	input, err := policytest.ReadReview(set.files(), file, raw)
	if err != nil {
		return fmt.Errorf("read %s: %w", file, err)
	}
	document, err := program.Eval(ctx, input, nil)
	if err != nil {
		return fmt.Errorf("evaluate %s: %w", file, err)
	}
	answer := evaluated{Rules: []evaluatedBy{}}
	if answer.Result, err = ast.JSON(document); err != nil {
		return err
	}
	alone, err := policytest.Measure(ctx, program, input, 20*time.Millisecond)
	if err != nil {
		return err
	}
	denied := 0
	for _, a := range alone {
		if !set.has(a.Rule) && !strings.HasPrefix(set.under, a.Rule+"/") {
			continue
		}
		answer.Rules = append(answer.Rules, evaluatedBy{Rule: a.Rule, Says: says(a.Result), Error: errorText(a.Err), Micros: micros(a.Best)})
		if denied += len(a.Result.Denials); a.Err != nil {
			denied++
		}
	}
	if err := out.show(env.Out, answer, func() error { return printEvaluated(env, answer) }); err != nil {
		return err
	}
	if denied > 0 {
		return silent(fmt.Errorf("%d denials or failures", denied))
	}
	return nil
}

func errorText(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

func micros(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 }

// says lists findings and demands with what they are.
func says(r engine.Result) []string {
	lines := []string{}
	for _, list := range []struct {
		word  string
		found []engine.Finding
	}{{"deny", r.Denials}, {"warn", r.Warnings}, {"audit", r.Audited}} {
		for _, f := range list.found {
			lines = append(lines, list.word+": "+f.Msg)
		}
	}
	for _, d := range r.Demands {
		lines = append(lines, "demand: "+d.Amount.String()+" of "+d.Dimension)
	}
	return lines
}

func printEvaluated(env Env, e evaluated) error {
	if err := writeJSON(env.Out, e.Result); err != nil {
		return err
	}
	fmt.Fprintln(env.Out)
	t := table{}
	t.add("POLICY", "µs", "SAYS")
	for _, r := range e.Rules {
		lines := r.Says
		if r.Error != "" {
			lines = []string{"FAILS: " + r.Error}
		}
		if len(lines) == 0 {
			lines = []string{""}
		}
		for i, line := range lines {
			if i == 0 {
				t.add(r.Rule, fmt.Sprintf("%.0f", r.Micros), line)
				continue
			}
			t.add(" ", " ", line)
		}
	}
	return t.write(env.Out)
}
