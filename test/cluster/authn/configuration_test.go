package authn

import (
	"flag"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write golden files anew")

func TestCheckAlias(t *testing.T) {
	tests := map[string]struct {
		alias   string
		refused string // part of the reason; empty = good
	}{
		"sample":           {"local", ""},
		"with dash":        {"acme-google", ""},
		"one letter":       {"g", ""},
		"32 long":          {strings.Repeat("a", 32), ""},
		"empty":            {"", "is empty"},
		"kubernetes":       {"system", "is reserved"},
		"ours":             {"gatehouse", "is reserved"},
		"platform":         {"platform", "is reserved"},
		"upper case":       {"System", "is not usable"},
		"colon":            {"a:b", "is not usable"},
		"quote":            {"a'", "is not usable"},
		"leading digit":    {"1a", "is not usable"},
		"trailing dash":    {"a-", "is not usable"},
		"33 long":          {strings.Repeat("a", 33), "is not usable"},
		"hidden line end":  {"local\n", "is not usable"},
		"reserved with ws": {"system ", "is not usable"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			err := CheckAlias(test.alias)
			if test.refused == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), test.refused) {
				t.Fatalf("got %v, want a refusal with %q", err, test.refused)
			}
		})
	}
}

func TestRender(t *testing.T) {
	got, err := Render(Issuer{
		Alias:    "local",
		URL:      "https://127.0.0.1:20443",
		Audience: "gatehouse-local",
		CA:       "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
	})
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "authentication.yaml")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Fatalf("rendered differently (-golden +now):\n%s", diff)
	}
}

func TestRenderRefusesAlias(t *testing.T) {
	if _, err := Render(Issuer{Alias: "system"}); err == nil {
		t.Fatal("rendered an issuer whose users would be Kubernetes' own")
	}
}
