package passport_test

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// forge signs any payload text as whoever holds the key could, by the description of
// the format and not by the code under test.
func forge(t testing.TB, k passport.Key, audience, payload string) string {
	t.Helper()
	return forgeText(t, k, audience, base64.RawURLEncoding.EncodeToString([]byte(payload)))
}

func forgeText(t testing.TB, k passport.Key, audience, text string) string {
	t.Helper()
	mac, err := hkdf.Key(sha256.New, k.Secret, nil, "gatehouse passport "+audience, 32)
	if err != nil {
		t.Fatal(err)
	}
	signed := "v1." + k.ID + "." + text
	h := hmac.New(sha256.New, mac)
	h.Write([]byte(signed))
	return signed + "." + base64.RawURLEncoding.EncodeToString(h.Sum(nil))
}

// payloadOf gives the JSON under a wire string.
func payloadOf(t testing.TB, wire string) string {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.Split(wire, ".")[2])
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestGenuineMACOverAnythingElseIsMalformed(t *testing.T) {
	k1 := key("k1", passport.Active)
	k := keyring(t, k1)
	good := payloadOf(t, sign(t, k, alice()))
	if _, err := k.Verify(forge(t, k1, "admission", good), "admission", now); err != nil {
		t.Fatalf("the forge itself does not work: %v", err)
	}
	swap := func(old, new string) string {
		t.Helper()
		if !strings.Contains(good, old) {
			t.Fatalf("payload has no %s", old)
		}
		return strings.Replace(good, old, new, 1)
	}
	tests := map[string]string{
		"empty":              ``,
		"null":               `null`,
		"array":              `[]`,
		"empty object":       `{}`,
		"not JSON":           `{"version":`,
		"unknown field":      swap(`"issued_at"`, `"admin":true,"issued_at"`),
		"unknown in object":  swap(`"kind"`, `"uid":"x","kind"`),
		"duplicate key":      swap(`"role":"member"`, `"role":"admin","role":"member"`),
		"other case":         swap(`"role"`, `"Role"`),
		"escaped name":       swap(`"role"`, `"r\u006fle"`),
		"escaped value":      swap(`"member"`, `"m\u0065mber"`),
		"null field":         swap(`"role":"member"`, `"role":null`),
		"empty field":        swap(`"role":"member"`, `"role":""`),
		"empty groups":       swap(`"groups":["local:acme","local:research"]`, `"groups":[]`),
		"unsorted groups":    swap(`"local:acme","local:research"`, `"local:research","local:acme"`),
		"doubled group":      swap(`"local:acme"`, `"local:acme","local:acme"`),
		"17 groups":          swap(`"local:acme",`, `"local:acme",`+manyGroups()+`,`),
		"unsorted rights":    swap(`"permissions":[`, `"permissions":["zzz",`),
		"groups as text":     swap(`["local:acme","local:research"]`, `"local:acme"`),
		"reordered":          swap(`"version":"v1","key_id":"k1"`, `"key_id":"k1","version":"v1"`),
		"leading space":      ` ` + good,
		"trailing space":     good + ` `,
		"trailing newline":   good + "\n",
		"trailing data":      good + `{}`,
		"inner space":        swap(`,"role"`, `, "role"`),
		"number as float":    swap(`1789473600`, `1789473600.0`),
		"number as exponent": swap(`1789473600`, `17894736e2`),
		"number too large":   swap(`1789473600`, `99999999999999999999`),
		"other version":      swap(`"version":"v1"`, `"version":"v2"`),
		"other key id":       swap(`"key_id":"k1"`, `"key_id":"k2"`),
		"no user":            swap(`"user_id":"local:alice",`, ``),
		"raw bad UTF-8":      swap(`local:alice`, "local:\xff"),
		"half a surrogate":   swap(`local:alice`, `local:\ud800`),
		"byte order mark":    "\ufeff" + good,
		"object with both":   swap(`"name":"first"`, `"name":"first","generateName":"f-"`),
		"with exp":           swap(`"issued_at":1789473600`, `"issued_at":1789473600,"exp":1789473601`),
		"too large":          swap(`alice@acme.example`, strings.Repeat("a", passport.MaxPayload)),
		"deep nesting":       strings.Repeat(`[`, 1500),
	}
	for name, payload := range tests {
		t.Run(name, func(t *testing.T) {
			wire := forge(t, k1, "admission", payload)
			if got, err := k.Verify(wire, "admission", now); !errors.Is(err, passport.ErrMalformed) || got.UserID != "" {
				t.Errorf("Verify gave %+v, %v", got, err)
			}
			if _, err := passport.Inspect(wire); !errors.Is(err, passport.ErrMalformed) {
				t.Errorf("Inspect: %v", err)
			}
		})
	}
}

// manyGroups are more of them than a passport has, in order.
func manyGroups() string {
	var out []string
	for i := range passport.MaxGroups {
		out = append(out, fmt.Sprintf(`"local:b-%02d"`, i))
	}
	return strings.Join(out, ",")
}

func TestOtherBase64OfTheSamePayloadIsMalformed(t *testing.T) {
	k1 := key("k1", passport.Active)
	k := keyring(t, k1)
	// 3n+1 bytes leave four unused bits in the last character.
	p := alice()
	for len(payloadOf(t, sign(t, k, p)))%3 != 1 {
		p.Email += "x"
	}
	text := strings.Split(sign(t, k, p), ".")[2]
	last := strings.IndexByte(alphabet, text[len(text)-1])
	for name, other := range map[string]string{
		"unused bits set": text[:len(text)-1] + string(alphabet[last|1]),
		"padded":          text + "==",
		"line break":      text[:8] + "\n" + text[8:],
		"standard":        strings.NewReplacer("-", "+", "_", "/").Replace(text) + "+",
	} {
		if _, err := k.Verify(forgeText(t, k1, "admission", other), "admission", now); !errors.Is(err, passport.ErrMalformed) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

func TestAudienceInsideMustBeTheOneOfTheKey(t *testing.T) {
	k1 := key("k1", passport.Active)
	k := keyring(t, k1)
	payload := payloadOf(t, sign(t, k, alice()))
	_, err := k.Verify(forge(t, k1, "gatehouse-gateway", payload), "gatehouse-gateway", now)
	if !errors.Is(err, passport.ErrWrongAudience) {
		t.Errorf("got %v", err)
	}
}

func TestPassportEncodesAsItsPayload(t *testing.T) {
	wire := sign(t, keyring(t, key("k1", passport.Active)), bearer())
	p, err := passport.Inspect(wire)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(p)
	if err != nil || string(raw) != payloadOf(t, wire) {
		t.Errorf("%v: %s", err, raw)
	}
}
