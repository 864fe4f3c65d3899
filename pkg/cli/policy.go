package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine"
)

// capabilities marks the root of a set of policies: without it nothing compiles.
const capabilities = "capabilities.json"

func newPolicy(env Env) *cobra.Command {
	cmd := group(&cobra.Command{
		Use:   "policy",
		Short: "Write and prove policies in Rego",
		Long: `A set of policies is a folder with capabilities.json, lib/, schemas/ and one folder
<area>/<rule> a policy: rule.rego, rule_test.rego, pass/*.yaml and fail/*.yaml.

The commands take the set or any folder inside it, and then speak of that folder only.`,
		Example: `  gatehouse policy new policies/images/signed
  gatehouse policy test policies/images/signed`,
	})
	cmd.AddCommand(newPolicyNew(env), newPolicyFmt(env), newPolicyCheck(env), newPolicyTest(env), newPolicyCoverage(env), newPolicyVerify(env),
		newPolicyEval(env), newPolicyBench(env), newPolicyDocs(env))
	return cmd
}

// policySet is a folder of a set of policies.
type policySet struct {
	// root is the set's own folder on disk.
	root string
	// under is the part that was asked for, slash-separated, "." for all.
	under string
}

// openSet finds the set that a folder belongs to.
func openSet(dir string) (policySet, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return policySet{}, fmt.Errorf("find the policies: %w", err)
	}
	if info, err := os.Stat(abs); err != nil {
		return policySet{}, fmt.Errorf("find the policies: %w", err)
	} else if !info.IsDir() {
		return policySet{}, misuse("%s is no folder", dir)
	}
	// <set>/<area>/<rule>/pass is the deepest.
	for root, depth := abs, 0; depth < 4; root, depth = filepath.Dir(root), depth+1 {
		if _, err := os.Stat(filepath.Join(root, capabilities)); err == nil {
			under, err := filepath.Rel(root, abs)
			return policySet{root: root, under: filepath.ToSlash(under)}, err
		}
	}
	return policySet{}, fmt.Errorf("%s is in no set of policies: there is no %s in it or above it", dir, capabilities)
}

func (s policySet) files() fs.FS { return os.DirFS(s.root) }

// has reports whether a file or folder of the set was asked for.
func (s policySet) has(name string) bool {
	return s.under == "." || name == s.under || strings.HasPrefix(name, s.under+"/")
}

// only keeps the problems that were asked for, with files as the caller named them. A
// problem elsewhere that stops the whole set is kept too.
func (s policySet) only(problems []engine.Problem, compiled bool) []engine.Problem {
	var out []engine.Problem
	for _, p := range problems {
		if s.has(p.File) || !compiled {
			out = append(out, p)
		}
	}
	return out
}

// printProblems writes file:line: text, a form that editors jump to.
func printProblems(env Env, s policySet, problems []engine.Problem) {
	base := s.root
	if wd, err := os.Getwd(); err == nil {
		if rel, err := filepath.Rel(wd, s.root); err == nil && !strings.HasPrefix(rel, "..") {
			base = rel
		}
	}
	for _, p := range problems {
		p.File = path.Join(filepath.ToSlash(base), p.File)
		for line := range strings.Lines(p.String()) {
			fmt.Fprintln(env.Err, strings.TrimRight(line, "\n"))
		}
	}
}

// failed tells the exit code that problems were found and told.
func failed(problems []engine.Problem) error {
	if len(problems) == 0 {
		return nil
	}
	return silent(errors.New("the policies have problems"))
}
