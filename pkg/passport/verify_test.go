package passport_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestVerifyGivesBackWhatWasSigned(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	for name, p := range map[string]passport.UserPassport{"admission": alice(), "bearer": bearer()} {
		wire := sign(t, k, p)
		got, err := k.Verify(wire, p.Audience, now)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		p.Version, p.KeyID, p.Signature = "v1", "k1", wire[strings.LastIndex(wire, ".")+1:]
		if diff := cmp.Diff(p, got); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
		seen, err := passport.Inspect(wire)
		if diff := cmp.Diff(p, seen); err != nil || diff != "" {
			t.Errorf("%s: Inspect: %v %s", name, err, diff)
		}
	}
}

func TestVerifyByStateOfTheKey(t *testing.T) {
	wire := sign(t, keyring(t, key("k1", passport.Active)), alice())
	tests := map[string]struct {
		keys []passport.Key
		want error
	}{
		"active":                  {[]passport.Key{key("k1", passport.Active)}, nil},
		"pending":                 {[]passport.Key{key("k1", passport.Pending)}, nil},
		"retired":                 {[]passport.Key{key("k1", passport.VerifyOnly), key("k2", passport.Active)}, nil},
		"revoked":                 {[]passport.Key{key("k1", passport.Revoked)}, passport.ErrRevokedKey},
		"revoked without secret":  {[]passport.Key{{ID: "k1", State: passport.Revoked}}, passport.ErrRevokedKey},
		"unknown":                 {[]passport.Key{key("k2", passport.Active)}, passport.ErrUnknownKey},
		"no keys":                 {nil, passport.ErrUnknownKey},
		"other secret of that id": {[]passport.Key{{ID: "k1", Secret: key("k9", "").Secret, State: passport.Active}}, passport.ErrBadSignature},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := keyring(t, tc.keys...).Verify(wire, passport.AudienceAdmission, now)
			if !errors.Is(err, tc.want) {
				t.Fatalf("got %v, want %v", err, tc.want)
			}
			if diff := cmp.Diff(passport.UserPassport{}, got); (err != nil) != (diff == "") {
				t.Errorf("with error %v the passport is %+v", err, got)
			}
		})
	}
	var none *passport.Keyring
	if _, err := none.Verify(wire, passport.AudienceAdmission, now); !errors.Is(err, passport.ErrUnknownKey) {
		t.Errorf("nil keyring: %v", err)
	}
}

func TestEveryFlippedBitIsRefused(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	for _, p := range []passport.UserPassport{alice(), bearer()} {
		wire := sign(t, k, p)
		for i := range len(wire) * 8 {
			b := []byte(wire)
			b[i/8] ^= 1 << (i % 8)
			got, err := k.Verify(string(b), p.Audience, now)
			if err == nil || got.UserID != "" {
				t.Fatalf("bit %d of byte %d (%q) flipped: accepted", i%8, i/8, wire[i/8])
			}
			if passport.Reason(err) == "error" {
				t.Fatalf("bit %d: no reason in %v", i, err)
			}
		}
	}
}

func TestVerifyRefusesOtherShapes(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	wire := sign(t, k, alice())
	part := strings.Split(wire, ".")
	mac := part[3]
	tests := map[string]string{
		"empty":                   "",
		"text":                    "not a passport",
		"a megabyte":              strings.Repeat("v1.k1.", 1<<20/6),
		"three parts":             strings.Join(part[:3], "."),
		"five parts":              wire + ".x",
		"leading space":           " " + wire,
		"trailing newline":        wire + "\n",
		"newline in the MAC":      wire[:len(wire)-1] + "\n" + wire[len(wire)-1:],
		"newline for a character": part[0] + "." + part[1] + "." + part[2] + "." + mac[:20] + "\n" + mac[21:],
		"padded":                  wire + "=",
		"MAC too short":           wire[:len(wire)-1],
		"no MAC":                  strings.Join(part[:3], ".") + ".",
		"version 2":               "v2" + wire[2:],
		"upper-case key id":       "v1.K1." + part[2] + "." + mac,
		"no key id":               "v1.." + part[2] + "." + mac,
		"long key id":             "v1." + strings.Repeat("k", 33) + "." + part[2] + "." + mac,
	}
	for name, wire := range tests {
		t.Run(name, func(t *testing.T) {
			if _, err := k.Verify(wire, passport.AudienceAdmission, now); !errors.Is(err, passport.ErrMalformed) {
				t.Errorf("Verify: %v", err)
			}
			if _, err := passport.Inspect(wire); !errors.Is(err, passport.ErrMalformed) {
				t.Errorf("Inspect: %v", err)
			}
		})
	}
}

func TestVerifyTellsAudiencesApart(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	other := bearer()
	other.Audience = "somebody-else"
	tests := []struct {
		p        passport.UserPassport
		audience string
	}{
		{alice(), "gatehouse-gateway"},
		{bearer(), passport.AudienceAdmission},
		{other, "gatehouse-gateway"},
		{alice(), ""},
	}
	for _, tc := range tests {
		_, err := k.Verify(sign(t, k, tc.p), tc.audience, now)
		if !errors.Is(err, passport.ErrWrongAudience) {
			t.Errorf("%s passport for audience %q: %v", tc.p.Audience, tc.audience, err)
		}
	}
}

func TestVerifyBearerInTime(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	p := bearer()
	p.NotBefore = now.Add(time.Minute).Unix()
	wire := sign(t, k, p)
	tests := []struct {
		at   time.Duration
		want error
	}{
		{0, passport.ErrNotYetValid},
		{59 * time.Second, passport.ErrNotYetValid},
		{time.Minute, nil},
		{10*time.Minute - time.Second, nil},
		{10 * time.Minute, passport.ErrExpired},
		{24 * time.Hour, passport.ErrExpired},
	}
	for _, tc := range tests {
		if _, err := k.Verify(wire, p.Audience, now.Add(tc.at)); !errors.Is(err, tc.want) {
			t.Errorf("after %s: %v, want %v", tc.at, err, tc.want)
		}
	}
	if _, err := k.Verify(wire, p.Audience, time.Time{}); !errors.Is(err, passport.ErrNotYetValid) {
		t.Errorf("a clock that was never set: %v", err)
	}
	old := sign(t, k, alice())
	if _, err := k.Verify(old, passport.AudienceAdmission, now.AddDate(50, 0, 0)); err != nil {
		t.Errorf("admission has no expiry: %v", err)
	}
}
