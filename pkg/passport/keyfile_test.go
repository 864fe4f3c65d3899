package passport_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestKeyFileRoundTrip(t *testing.T) {
	a, b := key("a", passport.VerifyOnly), key("b", passport.Active)
	a.Created = now.Add(500 * time.Millisecond)
	k := keyring(t, b, passport.Key{ID: "c", State: passport.Revoked}, a)
	data := k.SecretData()
	want := `{"keys":[{"id":"b","state":"active","secret":"c2VjcmV0IG9mIGIAAAAAAAAAAAAAAAAAAAAAAAAAAAA="},` +
		`{"id":"c","state":"revoked"},` +
		`{"id":"a","state":"verify","secret":"c2VjcmV0IG9mIGEAAAAAAAAAAAAAAAAAAAAAAAAAAAA=","created":"2026-09-15T12:00:00Z"}]}`
	if diff := cmp.Diff(want, string(data[passport.SecretKey])); diff != "" {
		t.Error(diff)
	}
	again, err := passport.ParseSecretData(data)
	if err != nil {
		t.Fatal(err)
	}
	// Key hides its secret from printing, so the comparison is over the bytes.
	if diff := cmp.Diff(data, again.SecretData()); diff != "" {
		t.Error(diff)
	}
	if _, err := again.Verify(sign(t, k, alice()), "admission", now); err != nil {
		t.Error(err)
	}
}

func TestKeyFileOfNoKeys(t *testing.T) {
	for name, k := range map[string]*passport.Keyring{"nil": nil, "empty": keyring(t)} {
		data := k.SecretData()
		if got := string(data[passport.SecretKey]); got != `{"keys":[]}` {
			t.Errorf("%s: %s", name, got)
		}
		if _, err := passport.ParseSecretData(data); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestParseKeyFileRefuses(t *testing.T) {
	secret := `"c2VjcmV0IG9mIGIAAAAAAAAAAAAAAAAAAAAAAAAAAAA="`
	for name, raw := range map[string]string{
		"empty":         ``,
		"array":         `[]`,
		"unknown field": `{"keys":[],"active":"k1"}`,
		"trailing data": `{"keys":[]} {}`,
		"bad base64":    `{"keys":[{"id":"k1","state":"active","secret":"%%%"}]}`,
		"bad time":      `{"keys":[{"id":"k1","state":"active","secret":` + secret + `,"created":"yesterday"}]}`,
		"bad state":     `{"keys":[{"id":"k1","state":"on","secret":` + secret + `}]}`,
		"huge":          strings.Repeat(" ", 1<<20+1) + `{"keys":[]}`,
	} {
		if k, err := passport.ParseKeyFile([]byte(raw)); err == nil || k != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := passport.ParseSecretData(map[string][]byte{"other": nil}); err == nil {
		t.Error("a Secret without keyring.json was accepted")
	}
}
