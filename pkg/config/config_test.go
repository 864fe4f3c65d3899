package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

const head = "apiVersion: config.gatehouse.dev/v1alpha1\nkind: Configuration\n"

const minimal = head + "issuers: [{alias: local, primary: true}]\n"

func TestLoadSample(t *testing.T) {
	c, err := Load(filepath.Join("testdata", "sample.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Issuers = []Issuer{{Alias: "local", Primary: true}, {Alias: "corp"}}
	want.PlatformAdmins = Subjects{Groups: []string{"system:masters", "corp:sre"}, Users: []string{}}
	want.Onboarding.Issuers = []string{"local"}
	want.Onboarding.Domains = []string{"initech.example"}
	want.Onboarding.Groups = []string{}
	want.OwnerKinds = []OwnerKind{{Group: "argoproj.io", Version: "v1alpha1", Kind: "Workflow"}}
	want.Passport.Groups = []string{"corp:research"}
	want.Controllers.Extra = c.Controllers.Extra
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("Load (-want +got):\n%s", diff)
	}
	if got := c.PrimaryAlias(); got != "local" {
		t.Errorf("PrimaryAlias = %q, want local", got)
	}
	if diff := cmp.Diff([]string{"local", "corp"}, c.Aliases()); diff != "" {
		t.Error(diff)
	}
	if got := c.ReservationExpiry(); got != 75*time.Second {
		t.Errorf("ReservationExpiry = %s, want 1m15s", got)
	}
}

func TestParseFillsDefaults(t *testing.T) {
	c, err := Parse([]byte(minimal))
	if err != nil {
		t.Fatal(err)
	}
	want := Default()
	want.Issuers = []Issuer{{Alias: "local", Primary: true}}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Errorf("Parse (-want +got):\n%s", diff)
	}
}

func TestDefaultNeedsAnIssuer(t *testing.T) {
	problems := Default().Validate()
	if len(problems) != 1 || problems[0].Field != "issuers" {
		t.Errorf("Default().Validate() = %v, want the missing issuer and nothing else", problems)
	}
}

func TestParseRefuses(t *testing.T) {
	tests := map[string]struct{ file, want string }{
		"empty":              {"", "the file is empty"},
		"only comments":      {"# nothing\n", "the file is empty"},
		"not YAML":           {"a: [", "yaml:"},
		"a list":             {"- a\n", "unmarshal array"},
		"no version":         {"kind: Configuration\n", `apiVersion: "" is not supported`},
		"other version":      {strings.Replace(minimal, "v1alpha1", "v9", 1), `apiVersion: "config.gatehouse.dev/v9" is not supported`},
		"other kind":         {strings.Replace(minimal, "Configuration", "Config", 1), `kind: "Config" is not supported`},
		"unknown field":      {minimal + "webhok: {}\n", `unknown field "webhok"`},
		"unknown below":      {minimal + "webhook: {maxBody: 1}\n", `unknown field "webhook.maxBody"`},
		"unknown in a list":  {head + "issuers: [{alias: local, primary: true}, {alis: b, alias: b}]\n", `unknown field "issuers[1].alis"`},
		"other case":         {minimal + "Webhook: {}\n", `unknown field "Webhook"`},
		"duplicate key":      {minimal + "systemNamespace: a\nsystemNamespace: b\n", `key "systemNamespace" already set`},
		"duplicate below":    {minimal + "webhook:\n  listen: ':1'\n  listen: ':2'\n", `key "listen" already set`},
		"two documents":      {minimal + "---\n" + minimal, "2 documents, expected one"},
		"number as duration": {minimal + "quota: {webhookTimeout: 5}\n", "cannot unmarshal number"},
		"bad duration":       {minimal + "quota: {webhookTimeout: soon}\n", "invalid duration"},
		"text as number":     {minimal + "webhook: {maxBodyBytes: 7Mi}\n", "maxBodyBytes"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := Parse([]byte(test.file))
			if err == nil {
				t.Fatalf("Parse accepted it: %+v", c)
			}
			if !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %q does not say %q", err, test.want)
			}
			if strings.Contains(err.Error(), "\n") {
				t.Errorf("error %q is more than one line", err)
			}
		})
	}
}

func TestParseAllowsMarkersAround(t *testing.T) {
	if _, err := Parse([]byte("---\n" + minimal + "---\n# the end\n")); err != nil {
		t.Error(err)
	}
}

func TestLoadNamesTheFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "gatehouse.yaml")
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("missing file: error %v does not name it", err)
	}
	if err := os.WriteFile(path, []byte(head), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "issuers") {
		t.Errorf("invalid file: error %v does not name file and field", err)
	}
	if err := os.WriteFile(path, []byte(minimal+"#"+strings.Repeat("x", maxFile)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Load(path); err == nil || !strings.Contains(err.Error(), "larger than") {
		t.Errorf("huge file: error %v", err)
	}
}
