package passport_test

import (
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestHashEmail(t *testing.T) {
	// printf %s alice@acme.example | sha256sum
	const alice = "sha256:b29433513db8fe8794d5f0f2d1dac8661cc87dddef0704a36381cd638f2b8675"
	for in, want := range map[string]string{
		"":                     "",
		"alice@acme.example":   alice,
		"Alice@ACME.Example":   alice,
		alice:                  alice,
		strings.ToUpper(alice): "", // no hash of ours: hashed again
		"sha256:short":         "",
		"sha256:00ff":          "", // hexadecimal, but no hash
		alice[len("sha256:"):]: "", // a hash of nothing that says so
	} {
		got := passport.HashEmail(in)
		if want == "" && in != "" {
			if got == in || !strings.HasPrefix(got, "sha256:") || len(got) != len(alice) {
				t.Errorf("HashEmail(%q) = %q", in, got)
			}
		} else if got != want {
			t.Errorf("HashEmail(%q) = %q, want %q", in, got, want)
		}
	}
	if passport.HashEmail("bob@acme.example") == alice {
		t.Error("two addresses, one hash")
	}
}
