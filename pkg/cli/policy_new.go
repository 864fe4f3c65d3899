package cli

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/policies"
)

var policyName = regexp.MustCompile(`^[a-z][a-z0-9]*(-[a-z0-9]+)*$`)

// taken are folders of a set that hold no policies, and words of Rego.
var taken = strings.Fields("lib schemas as contains data default else every false if import in input not null package some true with")

func newPolicyNew(env Env) *cobra.Command {
	return &cobra.Command{
		Use:   "new DIR",
		Short: "Start a policy with its tests and examples",
		Long: `Makes DIR, which must end in <area>/<rule>, with a policy that compiles, its tests and its
examples. Where the folder above is no set of policies yet, Gatehouse's own allow-list of
built-in functions, input schema and library are put there. Nothing that exists is
changed.

Exit code 0 if it was made, 1 if not, 2 on misuse.`,
		Example: `  gatehouse policy new policies/images/signed
  gatehouse policy test policies/images/signed`,
		Args: between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return startPolicy(env, args[0]) },
	}
}

func startPolicy(env Env, dir string) error {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find %s: %w", dir, err)
	}
	rule, area := filepath.Base(abs), filepath.Base(filepath.Dir(abs))
	if !policyName.MatchString(rule) || !policyName.MatchString(area) || strings.Contains(area, "-") {
		return misuse("%s must end in <area>/<rule>, the area of a-z and 0-9, the rule of a-z, 0-9 and -", dir)
	}
	for _, name := range []string{area, rule} {
		if slices.Contains(taken, name) {
			return misuse("%q means something else; choose another name", name)
		}
	}
	if _, err := os.Stat(abs); !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("%s is there already", dir)
	}
	root := filepath.Dir(filepath.Dir(abs))
	if _, err := os.Stat(filepath.Join(root, capabilities)); errors.Is(err, fs.ErrNotExist) {
		if err := seedSet(env, root); err != nil {
			return err
		}
	}
	for _, f := range policyFiles(area, rule) {
		if err := create(env, filepath.Join(abs, filepath.FromSlash(f.name)), []byte(f.text)); err != nil {
			return err
		}
	}
	return nil
}

// seedSet puts down what every set needs.
func seedSet(env Env, root string) error {
	for _, pattern := range []string{capabilities, "schemas/*", "lib/*"} {
		names, err := fs.Glob(policies.FS, pattern)
		if err != nil {
			return fmt.Errorf("start a set of policies: %w", err)
		}
		for _, name := range names {
			raw, err := fs.ReadFile(policies.FS, name)
			if err != nil {
				return fmt.Errorf("start a set of policies: %w", err)
			}
			if err := create(env, filepath.Join(root, filepath.FromSlash(name)), raw); err != nil {
				return err
			}
		}
	}
	return nil
}

// create writes a new file and names it; one that exists is an error.
func create(env Env, name string, content []byte) error {
	if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	fmt.Fprintln(env.Out, name)
	return nil
}

type policyFile struct{ name, text string }

// policyFiles is a policy that works, to be changed bit by bit with its tests green.
func policyFiles(area, rule string) []policyFile {
	fill := strings.NewReplacer(
		"{{package}}", regoPath(area, rule),
		"{{test}}", regoPath(area, rule+"_test"),
		"{{alias}}", strings.ReplaceAll(rule, "-", "_"),
	)
	files := []policyFile{
		{"rule.rego", ruleTemplate}, {"rule_test.rego", testTemplate},
		{path.Join("pass", "named.yaml"), passTemplate}, {path.Join("fail", "unnamed.yaml"), failTemplate},
	}
	for i := range files {
		files[i].text = fill.Replace(files[i].text)
	}
	return files
}

// regoPath writes a package path; a part with a dash stands in brackets.
func regoPath(area, rule string) string {
	if strings.Contains(rule, "-") {
		return fmt.Sprintf("%s[%q]", area, rule)
	}
	return area + "." + rule
}
