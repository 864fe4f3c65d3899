package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/engine/policytest"
)

func newPolicyFmt(env Env) *cobra.Command {
	var dry bool
	cmd := &cobra.Command{
		Use:   "fmt DIR",
		Short: "Format Rego files as opa fmt does",
		Long: `Rewrites every Rego file under DIR that is not formatted and prints its name. With
--check nothing is written.

Exit code 0 if all is formatted, 1 if a file does not parse or, with --check, is not
formatted, 2 on misuse.`,
		Example: `  gatehouse policy fmt policies
  gatehouse policy fmt --check policies`,
		Args: between(1, 1),
		RunE: func(_ *cobra.Command, args []string) error { return formatAll(env, args[0], dry) },
	}
	cmd.Flags().BoolVar(&dry, "check", false, "only name the files that are not formatted")
	return cmd
}

func formatAll(env Env, dir string, dry bool) error {
	var errs []error
	changed := 0
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() || !strings.HasSuffix(name, ".rego") {
			return err
		}
		old, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		formatted, err := policytest.Format(name, old)
		if err != nil {
			errs = append(errs, err)
			return nil
		}
		if bytes.Equal(old, formatted) {
			return nil
		}
		changed++
		fmt.Fprintln(env.Out, name)
		if dry {
			return nil
		}
		return os.WriteFile(name, formatted, 0o644)
	})
	if err != nil {
		return fmt.Errorf("format: %w", err)
	}
	if dry && changed > 0 {
		errs = append(errs, silent(errors.New("files are not formatted")))
	}
	return errors.Join(errs...)
}
