package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper/suite"
)

func newPolicyVerify(env Env) *cobra.Command {
	var out format
	cmd := &cobra.Command{
		Use:   "verify PATH...",
		Short: "Run the suites of Gatekeeper's templates and constraints",
		Long: `Runs suite.yaml files in Gatekeeper's format, unchanged: each names a ConstraintTemplate, a
Constraint, objects or AdmissionReviews, and how many violations there must be. PATH is a
suite, or a folder, which is searched with all folders in it; DIR/... means the same.

Each case meets constraints of its own and is asked twice, with rule indexing and early
exit on and off: another answer is a failure. Templates run under the same allow-list of
built-in functions as in the webhook. Constraints are asked as at gator.gatekeeper.sh.

Exit code 0 if every case holds, 1 if not, 2 on misuse.`,
		Example: `  gatehouse policy verify library
  gatehouse policy verify library/general/... -o json
  gatehouse policy verify library/general/requiredlabels/suite.yaml`,
		Args: between(1, 100),
		RunE: func(cmd *cobra.Command, args []string) error { return verify(cmd.Context(), env, args, out) },
	}
	out.bind(cmd)
	return cmd
}

func verify(ctx context.Context, env Env, args []string, out format) error {
	v := verification{names: map[string]string{}}
	for _, arg := range args {
		if err := v.find(arg); err != nil {
			return err
		}
	}
	report := suite.Run(ctx, v.files, suite.Options{Files: os.DirFS("/"), Display: v.display, Now: env.Now()})
	if err := out.show(env.Out, report, func() error { return printVerified(env.Out, report) }); err != nil {
		return err
	}
	if report.Failed > 0 {
		return silent(errors.New("cases failed"))
	}
	return nil
}

// verification collects suites. Files are named from the root of the file system, for
// suites may name files beside their folder.
type verification struct {
	files []string
	// names are the folders as the caller wrote them.
	names map[string]string
}

func (v *verification) find(arg string) error {
	given := strings.TrimSuffix(strings.TrimSuffix(arg, "..."), string(filepath.Separator))
	switch {
	case given == "" && strings.HasPrefix(arg, "/"):
		given = "/"
	case given == "":
		given = "."
	}
	abs, err := filepath.Abs(given)
	if err != nil {
		return fmt.Errorf("find suites: %w", err)
	}
	if info, err := os.Stat(abs); err == nil && !info.IsDir() && given != arg {
		return misuse("%s is a file: only a folder is searched with ...", given)
	}
	root := strings.TrimPrefix(filepath.ToSlash(abs), "/")
	if root == "" {
		root = "."
	}
	found, err := suite.Find(os.DirFS("/"), root)
	if err != nil {
		return fmt.Errorf("find suites in %s: %w", given, err)
	}
	if len(found) == 0 {
		return fmt.Errorf("there is no %s of group %s in %s; policies of Gatehouse's own are tested by: gatehouse policy test", suite.Kind, suite.Group, given)
	}
	v.files = append(v.files, found...)
	v.names[root] = given
	return nil
}

// display names a file as the caller would.
func (v *verification) display(name string) string {
	best := ""
	for root := range v.names {
		if (name == root || strings.HasPrefix(name, root+"/")) && len(root) > len(best) {
			best = root
		}
	}
	if best != "" {
		return filepath.Join(v.names[best], strings.TrimPrefix(name, best))
	}
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, "/"+name); err == nil {
			return rel
		}
	}
	return "/" + name
}
