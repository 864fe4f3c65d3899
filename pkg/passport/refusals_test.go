package passport_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// Each way to be bad has a sentinel and a word of its own, and no other's.
func TestEachRefusalHasItsOwnReason(t *testing.T) {
	k1 := key("k1", passport.Active)
	k := keyring(t, k1, key("k0", passport.Revoked))
	wire := sign(t, k, alice())
	good := payloadOf(t, wire)
	other := key("k1", passport.Active)
	other.Secret[0] ^= 1
	early, late := bearer(), bearer()
	early.NotBefore++
	late.IssuedAt, late.NotBefore, late.Expires = 1, 1, now.Unix()
	sentinels := []error{
		passport.ErrMalformed, passport.ErrTooLarge, passport.ErrUnknownKey, passport.ErrRevokedKey, passport.ErrBadSignature,
		passport.ErrWrongAudience, passport.ErrWrongObject, passport.ErrExpired, passport.ErrNotYetValid, passport.ErrNoKey,
	}
	verify := func(wire, audience string) error {
		_, err := k.Verify(wire, audience, now)
		return err
	}
	elsewhere := alice().Object
	elsewhere.Name = "second"
	_, noKey := keyring(t).Sign(alice())
	_, inspected := passport.Inspect(strings.Repeat("a", 1<<20))
	big := alice()
	big.Email = strings.Repeat("a", passport.MaxPayload)
	_, tooLarge := k.Sign(big)
	for name, test := range map[string]struct {
		err  error
		want error
		word string
	}{
		"absent":                 {verify("", "admission"), passport.ErrMalformed, "malformed"},
		"empty parts":            {verify("v1...", "admission"), passport.ErrMalformed, "malformed"},
		"a megabyte":             {verify(strings.Repeat("a", 1<<20), "admission"), passport.ErrMalformed, "malformed"},
		"a megabyte, signed":     {verify(forge(t, k1, "admission", strings.Repeat(" ", 1<<20)+good), "admission"), passport.ErrMalformed, "malformed"},
		"a megabyte, inspected":  {inspected, passport.ErrMalformed, "malformed"},
		"a number":               {verify(forge(t, k1, "admission", `7`), "admission"), passport.ErrMalformed, "malformed"},
		"a text":                 {verify(forge(t, k1, "admission", `"alice"`), "admission"), passport.ErrMalformed, "malformed"},
		"true":                   {verify(forge(t, k1, "admission", `true`), "admission"), passport.ErrMalformed, "malformed"},
		"a field of other type":  {verify(forge(t, k1, "admission", strings.Replace(good, `"local:alice"`, `7`, 1)), "admission"), passport.ErrMalformed, "malformed"},
		"extra key":              {verify(forge(t, k1, "admission", strings.TrimSuffix(good, "}")+`,"x":1}`), "admission"), passport.ErrMalformed, "malformed"},
		"doubled key":            {verify(forge(t, k1, "admission", strings.TrimSuffix(good, "}")+`,"issued_at":1789473600}`), "admission"), passport.ErrMalformed, "malformed"},
		"unknown key":            {verify(strings.Replace(wire, ".k1.", ".k9.", 1), "admission"), passport.ErrUnknownKey, "unknown-key"},
		"revoked key":            {verify(strings.Replace(wire, ".k1.", ".k0.", 1), "admission"), passport.ErrRevokedKey, "revoked-key"},
		"another's secret":       {verify(sign(t, keyring(t, other), alice()), "admission"), passport.ErrBadSignature, "bad-signature"},
		"another's payload":      {verify(swapPayload(wire, sign(t, k, bearer())), "admission"), passport.ErrBadSignature, "bad-signature"},
		"another audience":       {verify(wire, "gatehouse-gateway"), passport.ErrWrongAudience, "wrong-audience"},
		"another object":         {alice().BoundTo(elsewhere), passport.ErrWrongObject, "wrong-object"},
		"expired":                {verify(sign(t, k, late), late.Audience), passport.ErrExpired, "expired"},
		"not yet valid":          {verify(sign(t, k, early), early.Audience), passport.ErrNotYetValid, "not-yet-valid"},
		"nothing to sign with":   {noKey, passport.ErrNoKey, "no-key"},
		"too much to sign":       {tooLarge, passport.ErrTooLarge, "too-large"},
		"good":                   {verify(wire, "admission"), nil, "ok"},
		"somebody else's error":  {errors.New("x"), nil, "error"},
		"good on its own object": {alice().BoundTo(alice().Object), nil, "ok"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, s := range sentinels {
				if is := errors.Is(test.err, s); is != errors.Is(test.want, s) {
					t.Errorf("%v: errors.Is(%v) is %v", test.err, s, is)
				}
			}
			if diff := cmp.Diff(test.word, passport.Reason(test.err)); diff != "" {
				t.Errorf("reason (-want +got):\n%s", diff)
			}
			if test.err != nil && len(test.err.Error()) > 300 {
				t.Errorf("the message repeats what it was given: %d bytes", len(test.err.Error()))
			}
		})
	}
}

// swapPayload puts the payload of one wire string under the signature of another.
func swapPayload(wire, other string) string {
	parts := strings.Split(wire, ".")
	parts[2] = strings.Split(other, ".")[2]
	return strings.Join(parts, ".")
}

// A MAC has one spelling: 43 characters of base64url leave two unused bits in the last.
func TestOtherBase64OfTheSameMACIsMalformed(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	p := alice()
	mac := func() (string, string) {
		wire := sign(t, k, p)
		cut := strings.LastIndex(wire, ".") + 1
		return wire[:cut], wire[cut:]
	}
	signed, text := mac()
	for !strings.ContainsAny(text, "-_") {
		p.Email += "x"
		signed, text = mac()
	}
	last := strings.IndexByte(alphabet, text[len(text)-1])
	if last&3 != 0 {
		t.Fatalf("the last character %q has unused bits", text[len(text)-1])
	}
	for name, other := range map[string]string{
		"unused bit 0":      text[:42] + string(alphabet[last|1]),
		"unused bit 1":      text[:42] + string(alphabet[last|2]),
		"standard alphabet": strings.NewReplacer("-", "+", "_", "/").Replace(text),
		"padded":            text + "=",
		"in hexadecimal":    strings.Repeat("0", 64),
	} {
		if _, err := k.Verify(signed+other, "admission", now); !errors.Is(err, passport.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := k.Verify(signed+text, "admission", now); err != nil {
		t.Errorf("positive control: %v", err)
	}
}
