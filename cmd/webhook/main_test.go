package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/facts/live"
	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestUse(t *testing.T) {
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"help":         {[]string{"--help"}, 0, "Example:"},
		"nothing":      {nil, exitMisuse, "--config FILE is required"},
		"unknown flag": {[]string{"--confg", "x"}, exitMisuse, "confg"},
		"an argument":  {[]string{"--config", "x", "y"}, exitMisuse, "nothing else is expected"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stderr bytes.Buffer
			if code := run(test.args, &stderr); code != test.code || !strings.Contains(stderr.String(), test.says) {
				t.Errorf("exit %d, said %q; want %d, %q", code, stderr.String(), test.code, test.says)
			}
		})
	}
}

func TestConfigurationThatIsWrong(t *testing.T) {
	file := filepath.Join(t.TempDir(), "gatehouse.yaml")
	if err := os.WriteFile(file, []byte("apiVersion: v1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := serve(t.Context(), options{config: file}, logr.Discard())
	if err == nil || !strings.Contains(err.Error(), file) || !strings.Contains(err.Error(), "apiVersion") {
		t.Errorf("serve = %v, want file and field named", err)
	}
}

func TestReport(t *testing.T) {
	counts := audit.Totals{Decisions: 7, Denials: map[string]uint64{"models/granted": 2}, Audited: map[string]uint64{"pods/images": 3}}
	var ring *passport.Keyring
	rules, err := newRules(t.Context(), config.Default(), logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	r := &report{
		policies: rules.set,
		totals:   func() audit.Totals { return counts },
		keys:     func() *passport.Keyring { return ring },
	}
	want := map[string]string{
		live.AnnotationDigest: rules.set.Program().Digest(), annotationDecisions: "7", live.AnnotationDenials: `{"models/granted":2}`, live.AnnotationAudited: `{"pods/images":3}`,
		live.AnnotationPolicies: "{}", live.AnnotationRejected: "{}", live.AnnotationAsked: "{}",
	}
	if diff := cmp.Diff(want, r.annotations()); diff != "" {
		t.Errorf("without keys (-want +got):\n%s", diff)
	}
	secret := bytes.Repeat([]byte("never-shown-"), 4)
	ring, err = passport.NewKeyring(
		passport.Key{ID: "k1", Secret: secret, State: passport.Active},
		passport.Key{ID: "k2", Secret: bytes.ToUpper(secret), State: passport.Pending},
	)
	if err != nil {
		t.Fatal(err)
	}
	counts.Decisions = 8
	want[live.AnnotationKeys], want[annotationActiveKey] = "k1,k2", "k1"
	got := r.annotations()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("with keys; counts stand still for a while (-want +got):\n%s", diff)
	}
	for key, value := range got {
		if strings.Contains(strings.ToLower(value), "never-shown") {
			t.Errorf("%s shows a key", key)
		}
	}
}
