package httpauth_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/passport/httpauth"
)

// FuzzAuthorization gives the header any bytes. Nothing panics, every refusal is a
// listed reason on one line, and what passes is exactly what was signed.
func FuzzAuthorization(f *testing.F) {
	ring := keyring(f, key("k1", passport.Active), key("k0", passport.Revoked))
	wire := sign(f, ring, nil)
	for _, seed := range []string{"", "Bearer", "Bearer ", "Bearer " + wire, "bearer " + wire, "Bearer  " + wire, "Basic " + wire,
		"Bearer v1.k0.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", "Bearer " + wire + "\n", "Bearer " + strings.Repeat("a", 9000)} {
		f.Add(seed)
	}
	a := authenticator(f, httpauth.Options{Keys: func() *passport.Keyring { return ring }})
	h := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, ok := httpauth.From(r.Context())
		if !ok || p.UserID != "local:alice" || p.Audience != audience {
			w.WriteHeader(http.StatusTeapot)
		}
	}))
	f.Fuzz(func(t *testing.T, header string) {
		got := ask(h, header)
		switch got.Status {
		case http.StatusOK:
			if !strings.EqualFold(header[:7], "Bearer ") || header[7:] != wire {
				t.Fatalf("accepted %q", header)
			}
		case http.StatusUnauthorized:
			if !slices.Contains(httpauth.Reasons(), strings.TrimSuffix(got.Body, "\n")) || !strings.HasPrefix(got.Challenge, `Bearer realm="models"`) {
				t.Fatalf("refused with %+v", got)
			}
		default:
			t.Fatalf("answered %+v", got)
		}
	})
}
