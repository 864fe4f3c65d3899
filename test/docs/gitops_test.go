package docs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/config"
)

// TestRowsForFlux: what the page tells an administrator to write into the configuration
// is a configuration.
func TestRowsForFlux(t *testing.T) {
	raw, err := os.ReadFile("../../docs/gitops.md")
	if err != nil {
		t.Fatal(err)
	}
	rows := ""
	for _, block := range strings.Split(string(raw), "```yaml\n")[1:] {
		if text, _, _ := strings.Cut(block, "```"); strings.HasPrefix(text, "controllers:") {
			rows = text
		}
	}
	path := filepath.Join(t.TempDir(), "gatehouse.yaml")
	whole := "apiVersion: config.gatehouse.dev/v1alpha1\nkind: Configuration\nissuers: [{alias: local, primary: true}]\n" + rows
	if err := os.WriteFile(path, []byte(whole), 0o600); err != nil {
		t.Fatal(err)
	}
	c, err := config.Load(path)
	if err != nil {
		t.Fatal(err)
	}
	if errs := c.Validate(); len(errs) > 0 || len(c.Controllers.Extra) != 2 {
		t.Errorf("%d rows: %v", len(c.Controllers.Extra), errs.ToAggregate())
	}
}
