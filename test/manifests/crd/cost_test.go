package crd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestRulesThatAreRefused: Load refuses what the API server would not install.
func TestRulesThatAreRefused(t *testing.T) {
	const definition = `apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: things.example.com}
spec:
  group: example.com
  scope: Cluster
  names: {kind: Thing, plural: things}
  versions:
    - name: v1
      served: true
      storage: true
      schema:
        openAPIV3Schema:
          type: object
          properties:
            spec:
              type: object
              properties:
                parts:
                  type: array%s
                  items:
                    type: string%s
                    x-kubernetes-validations:
                      - rule: %q
`
	for name, test := range map[string]struct{ list, item, rule, want string }{
		"cheap":                   {"\n                  maxItems: 8", "\n                    maxLength: 8", "self.contains('x')", ""},
		"without bound":           {"", "", "self.contains(self)", "may cost"},
		"does not compile":        {"", "", "self.sign()", "sign"},
		"a method for a function": {"", "\n                    maxLength: 8", "quantity(self).sign() >= 0", "sign"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "example.com_things.yaml"), fmt.Appendf(nil, definition, test.list, test.item, test.rule), 0o600); err != nil {
				t.Fatal(err)
			}
			_, err := Load(dir)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("refused: %v", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got %v, want an error with %q", err, test.want)
			}
		})
	}
}
