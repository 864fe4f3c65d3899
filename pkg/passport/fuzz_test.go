package passport_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// FuzzVerify gives Verify and Inspect any bytes. Nothing panics, every refusal has a
// reason, and what is accepted is exactly what Sign writes for it.
func FuzzVerify(f *testing.F) {
	k := keyring(f, key("k1", passport.Active), key("k0", passport.Revoked))
	good := sign(f, k, alice())
	f.Add(good)
	f.Add(sign(f, k, bearer()))
	f.Add(good + "\n")
	f.Add("")
	f.Add("v1.k1..")
	f.Add("v1.k0." + base64.RawURLEncoding.EncodeToString([]byte(`{}`)) + ".AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")
	f.Fuzz(func(t *testing.T, wire string) {
		for _, audience := range []string{passport.AudienceAdmission, "gatehouse-gateway"} {
			p, err := k.Verify(wire, audience, now)
			if err != nil {
				if passport.Reason(err) == "error" || p.UserID != "" {
					t.Fatalf("refused with %+v, %v", p, err)
				}
				continue
			}
			if again := sign(t, k, p); again != wire {
				t.Fatalf("two forms of one passport:\n%s\n%s", wire, again)
			}
		}
		if _, err := passport.Inspect(wire); err != nil && !errors.Is(err, passport.ErrMalformed) {
			t.Fatalf("Inspect: %v", err)
		}
	})
}

// FuzzPayload puts any payload under a genuine MAC, so that the fuzzer reaches the
// decoder behind it.
func FuzzPayload(f *testing.F) {
	k1 := key("k1", passport.Active)
	k := keyring(f, k1)
	f.Add(payloadOf(f, sign(f, k, alice())))
	f.Add(`{"version":"v1","key_id":"k1","audience":"admission","user_id":"local:a","object":{"kind":"Pod","name":"p"},"issued_at":1}`)
	f.Add(`{"version":"v1","version":"v1"}`)
	f.Add(`null`)
	f.Fuzz(func(t *testing.T, payload string) {
		wire := forge(t, k1, passport.AudienceAdmission, payload)
		p, err := k.Verify(wire, passport.AudienceAdmission, now)
		if err != nil {
			if !errors.Is(err, passport.ErrMalformed) && !errors.Is(err, passport.ErrWrongAudience) {
				t.Fatal(err)
			}
			return
		}
		if again := sign(t, k, p); again != wire {
			t.Fatalf("two forms of one passport:\n%s\n%s", wire, again)
		}
	})
}
