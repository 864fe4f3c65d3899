package cli

import (
	"strings"
	"testing"

	"github.com/spf13/cobra"
)

func TestExitCodes(t *testing.T) {
	t.Setenv("KUBECONFIG", file(t, "kubeconfig", "not a kubeconfig"))
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"help":                    {[]string{"--help"}, 0, ""},
		"help of a command":       {[]string{"passport", "verify", "--help"}, 0, ""},
		"nothing":                 {nil, 2, "Usage:"},
		"group alone":             {[]string{"passport"}, 2, "Usage:"},
		"unknown command":         {[]string{"frobnicate"}, 2, `unknown command "frobnicate" for "gatehouse"`},
		"unknown sub-command":     {[]string{"passport", "forge"}, 2, `unknown command "forge" for "gatehouse passport"`},
		"unknown flag":            {[]string{"whoami", "--loud"}, 2, "unknown flag: --loud"},
		"unknown flag of a group": {[]string{"passport", "--loud"}, 2, "unknown flag: --loud"},
		"unknown format":          {[]string{"whoami", "-o", "yaml"}, 2, "must be table or json"},
		"flag without value":      {[]string{"passport", "verify", "-f"}, 2, "flag needs an argument"},
		"too many arguments":      {[]string{"whoami", "please"}, 2, "takes 0 to 0 arguments, not 1"},
		"no passport named":       {[]string{"passport", "verify"}, 2, "exactly one of"},
		"two passports named":     {[]string{"passport", "inspect", "v1.a.b.c", "-f", "x"}, 2, "exactly one of"},
		"no such file":            {[]string{"passport", "inspect", "-f", "testdata/none.yaml"}, 1, "no such file"},
		"bad kubeconfig":          {[]string{"whoami"}, 1, "read the kubeconfig"},
		"no kubeconfig":           {[]string{"whoami", "--kubeconfig", "testdata/none"}, 1, "read the kubeconfig"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, "", tc.args...)
			if got.code != tc.code || !strings.Contains(got.errout, tc.says) {
				t.Errorf("exit %d, want %d, saying %q:\n%s", got.code, tc.code, tc.says, got.errout)
			}
		})
	}
}

func TestEveryCommandExplainsItself(t *testing.T) {
	var walk func(cmd *cobra.Command)
	walk = func(cmd *cobra.Command) {
		if cmd.Short == "" || cmd.Example == "" || !strings.Contains(cmd.Example, "gatehouse ") {
			t.Errorf("%s has no short text or no example", cmd.CommandPath())
		}
		if cmd.Args == nil {
			t.Errorf("%s does not check its arguments", cmd.CommandPath())
		}
		for _, sub := range cmd.Commands() {
			walk(sub)
		}
	}
	walk(newRoot(Env{}))
}
