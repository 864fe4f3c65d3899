package cli

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// Env is what a command may touch beside files and the cluster.
type Env struct {
	In  io.Reader
	Out io.Writer
	Err io.Writer
	Now func() time.Time
	// Name is what the program is called by in help and errors; empty means gatehouse.
	Name string
	// Compile makes a program of policies; nil means engine.Compile.
	Compile func(context.Context, engine.Options) (*engine.Program, error)
}

// Run executes one command line, without the program's name, and gives its exit code:
// 0 good, 1 denied or failed, 2 misuse.
func Run(ctx context.Context, args []string, env Env) int {
	root := newRoot(env)
	root.SetArgs(append([]string{}, args...)) // cobra takes nil for os.Args
	err := root.ExecuteContext(ctx)
	code := exitCode(err)
	switch {
	case err == nil || isSilent(err):
	case code == exitMisuse:
		fmt.Fprintf(env.Err, "gatehouse: %v\nrun with --help for usage\n", err)
	default:
		fmt.Fprintf(env.Err, "gatehouse: %v\n", err)
	}
	return code
}

func newRoot(env Env) *cobra.Command {
	root := group(&cobra.Command{
		Use:   "gatehouse",
		Short: "Look at what Gatehouse decides, and why",
		Long: `gatehouse is the command line of Gatehouse, which decides every write in a tenant's
namespace. It reads files, and live objects as the calling user.

Exit codes: 0 good, 1 denied or failed, 2 misuse.`,
		Example: `  gatehouse whoami
  gatehouse passport verify --object rs/first`,
	})
	if env.Name != "" {
		root.Annotations = map[string]string{cobra.CommandDisplayNameAnnotation: env.Name}
	}
	root.SilenceErrors, root.SilenceUsage = true, true
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetIn(env.In)
	root.SetOut(env.Out)
	root.SetErr(env.Err)
	root.SetFlagErrorFunc(func(_ *cobra.Command, err error) error { return misuse("%w", err) })
	root.AddCommand(newCheck(env), newExplain(env), newPassport(env), newPolicy(env), newReplay(env), newSeal(env), newUsage(env), newWhoami(env))
	return root
}

// group makes a command that only holds others: called alone it shows its help and
// counts as misuse.
func group(cmd *cobra.Command) *cobra.Command {
	cmd.Args = func(cmd *cobra.Command, args []string) error {
		if len(args) > 0 {
			return misuse("unknown command %q for %q", args[0], cmd.CommandPath())
		}
		return nil
	}
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		cmd.SetOut(cmd.ErrOrStderr())
		if err := cmd.Help(); err != nil {
			return err
		}
		return silent(misuse("no command given"))
	}
	return cmd
}

// between checks the number of arguments.
func between(low, high int) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) < low || len(args) > high {
			return misuse("%s takes %d to %d arguments, not %d", cmd.CommandPath(), low, high, len(args))
		}
		return nil
	}
}
