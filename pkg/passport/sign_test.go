package passport_test

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestSignWritesTheWireForm(t *testing.T) {
	wire := sign(t, keyring(t, key("k1", passport.Active)), alice())
	parts := strings.Split(wire, ".")
	if len(parts) != 4 || parts[0] != "v1" || parts[1] != "k1" || len(parts[3]) != 43 {
		t.Fatalf("wire is %q", wire)
	}
	payload, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil {
		t.Fatal(err)
	}
	want := `{"version":"v1","key_id":"k1","audience":"admission","user_id":"local:alice",` +
		`"email":"alice@acme.example","groups":["local:acme","local:research"],"permissions":["member"],` +
		`"role":"member","organization":"acme","tier":"standard","namespace":"claude-runner-user-alice",` +
		`"correlation_id":"0190b2c4-7d1e-7c3a-9a55-6f1d1c2b3a40",` +
		`"object":{"group":"research.example.com","kind":"ResearchSession","namespace":"claude-runner-user-alice","name":"first"},` +
		`"issued_at":1789473600}`
	if diff := cmp.Diff(want, string(payload)); diff != "" {
		t.Error(diff)
	}
	// Pinned: a change of derivation or of what is under the MAC would orphan every
	// stored passport.
	if got := parts[3]; got != "LEJAskKhmaA4aaRVxA8AOrKsxonkSbcToowoPYa49Og" {
		t.Errorf("signature is %s", got)
	}
}

func TestSignIsCanonical(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	p := alice()
	p.Groups = []string{"local:research", "local:acme", "local:research"}
	p.Version, p.KeyID, p.Signature = "v9", "other", "x"
	p.Object.GenerateName = "first-"
	if got, want := sign(t, k, p), sign(t, k, alice()); got != want {
		t.Errorf("the same content has two forms:\n%s\n%s", got, want)
	}
	if diff := cmp.Diff([]string{"local:research", "local:acme", "local:research"}, p.Groups); diff != "" {
		t.Errorf("Sign sorted the caller's slice: %s", diff)
	}
}

func TestSignRefuses(t *testing.T) {
	many := make([]string, passport.MaxGroups+1)
	for i := range many {
		many[i] = fmt.Sprintf("local:group-%02d", i)
	}
	tests := map[string]struct {
		change func(*passport.UserPassport)
		want   error
	}{
		"no user":                 {func(p *passport.UserPassport) { p.UserID = "" }, passport.ErrMalformed},
		"no audience":             {func(p *passport.UserPassport) { p.Audience = "" }, passport.ErrMalformed},
		"audience with a space":   {func(p *passport.UserPassport) { p.Audience = "a b" }, passport.ErrMalformed},
		"audience of 129":         {func(p *passport.UserPassport) { p.Audience = strings.Repeat("a", 129) }, passport.ErrMalformed},
		"audience beyond ASCII":   {func(p *passport.UserPassport) { p.Audience = "a\x7f" }, passport.ErrMalformed},
		"no issue time":           {func(p *passport.UserPassport) { p.IssuedAt = 0 }, passport.ErrMalformed},
		"17 groups":               {func(p *passport.UserPassport) { p.Groups = many }, passport.ErrTooLarge},
		"empty group":             {func(p *passport.UserPassport) { p.Groups = []string{""} }, passport.ErrMalformed},
		"payload over 2 KiB":      {func(p *passport.UserPassport) { p.Email = strings.Repeat("a", 2048) }, passport.ErrTooLarge},
		"not UTF-8":               {func(p *passport.UserPassport) { p.UserID = "local:\xff" }, passport.ErrMalformed},
		"group not UTF-8":         {func(p *passport.UserPassport) { p.Groups = []string{"local:\xff"} }, passport.ErrMalformed},
		"bound to nothing":        {func(p *passport.UserPassport) { p.Object = passport.Object{} }, passport.ErrMalformed},
		"object without kind":     {func(p *passport.UserPassport) { p.Object.Kind = "" }, passport.ErrMalformed},
		"object without name":     {func(p *passport.UserPassport) { p.Object.Name = "" }, passport.ErrMalformed},
		"admission with exp":      {func(p *passport.UserPassport) { p.Expires = p.IssuedAt + 1 }, passport.ErrMalformed},
		"admission with nbf":      {func(p *passport.UserPassport) { p.NotBefore = p.IssuedAt }, passport.ErrMalformed},
		"bearer without exp":      {func(p *passport.UserPassport) { *p = bearer(); p.Expires = 0 }, passport.ErrMalformed},
		"bearer without nbf":      {func(p *passport.UserPassport) { *p = bearer(); p.NotBefore = 0 }, passport.ErrMalformed},
		"bearer without iat":      {func(p *passport.UserPassport) { *p = bearer(); p.IssuedAt = 0 }, passport.ErrMalformed},
		"bearer over before nbf":  {func(p *passport.UserPassport) { *p = bearer(); p.NotBefore = p.Expires }, passport.ErrMalformed},
		"bearer over when issued": {func(p *passport.UserPassport) { *p = bearer(); p.IssuedAt = p.Expires }, passport.ErrMalformed},
	}
	k := keyring(t, key("k1", passport.Active))
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			p := alice()
			tc.change(&p)
			if wire, err := k.Sign(p); !errors.Is(err, tc.want) || wire != "" {
				t.Errorf("Sign gave %q, %v; want %v", wire, err, tc.want)
			}
		})
	}
}

func TestSignAtTheBounds(t *testing.T) {
	k := keyring(t, key(strings.Repeat("k", 32), passport.Active))
	p := alice()
	for i := range passport.MaxGroups - len(p.Groups) {
		p.Groups = append(p.Groups, fmt.Sprintf("local:group-%02d", i))
	}
	p.Email = ""
	base := sign(t, k, p)
	payload := base64.RawURLEncoding.DecodedLen(len(strings.Split(base, ".")[2]))
	p.Email = strings.Repeat("a", passport.MaxPayload-payload-len(`"email":"",`))
	wire := sign(t, k, p)
	if len(wire) != passport.MaxWire {
		t.Errorf("the longest wire string has %d bytes, MaxWire is %d", len(wire), passport.MaxWire)
	}
	if _, err := k.Verify(wire, passport.AudienceAdmission, now); err != nil {
		t.Error(err)
	}
	p.Email += "a"
	if _, err := k.Sign(p); !errors.Is(err, passport.ErrTooLarge) {
		t.Errorf("one byte more: %v", err)
	}
}

func TestSignNeedsAnActiveKey(t *testing.T) {
	for name, k := range map[string]*passport.Keyring{
		"nil":     nil,
		"zero":    {},
		"empty":   keyring(t),
		"pending": keyring(t, key("k1", passport.Pending)),
		"retired": keyring(t, key("k1", passport.VerifyOnly)),
		"revoked": keyring(t, key("k1", passport.Revoked)),
	} {
		if _, err := k.Sign(alice()); !errors.Is(err, passport.ErrNoKey) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
