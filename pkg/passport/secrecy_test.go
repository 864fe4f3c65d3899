package passport_test

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func TestNothingPrintsASecret(t *testing.T) {
	k := key("k1", passport.Active)
	ring := keyring(t, k)
	var log bytes.Buffer
	slog.New(slog.NewJSONHandler(&log, nil)).Info("key", "key", k, "pointer", &k, "keyring", ring)
	slog.New(slog.NewTextHandler(&log, nil)).Info("key", "key", k, "pointer", &k, "keyring", ring)
	out := map[string]string{"slog": log.String()}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "%d", "%o", "%t"} {
		out["key "+verb] = fmt.Sprintf(verb, k)
		out["key pointer "+verb] = fmt.Sprintf(verb, &k)
		out["keys "+verb] = fmt.Sprintf(verb, []passport.Key{k})
		out["keyring "+verb] = fmt.Sprintf(verb, ring)
		out["keyring in a struct "+verb] = fmt.Sprintf(verb, struct{ r *passport.Keyring }{ring})
	}
	for name, v := range map[string]any{"key": k, "pointer": &k, "keyring": ring} {
		raw, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		out[name+" as JSON"] = string(raw)
	}
	for name, text := range out {
		for form, secret := range map[string]string{
			"text":    "secret of k1",
			"hex":     hex.EncodeToString([]byte("secret of")),
			"decimal": "115 101 99 114",
			"octal":   "163 145 143 162",
			"base64":  base64.StdEncoding.EncodeToString([]byte("secret of")),
			"Go":      "0x73, 0x65",
		} {
			if strings.Contains(strings.ToLower(text), strings.ToLower(secret)) {
				t.Errorf("%s shows the secret as %s: %s", name, form, text)
			}
		}
	}
	for name, want := range map[string]string{"key %v": "key k1 (active)", "key %#v": "passport.Key{k1, active}", "key as JSON": `{"id":"k1","state":"active"}`} {
		if out[name] != want {
			t.Errorf("%s reads %s, want %s", name, out[name], want)
		}
	}
}

func TestKeyFileErrorsShowNoValue(t *testing.T) {
	for _, raw := range []string{
		`{"keys":[{"id":"k1","state":"active","secret":"hunter2 hunter2"}]}`,
		`{"keys":[{"id":"k1","state":"active","secret":424242}]}`,
		`{"keys":[{"id":"k1","state":"active","hunter2":"x"}]}`,
		`{"keys":[{"id":"k1","state":"active","secret":"aHVudGVyMg=="}]}`,
		`hunter2`,
	} {
		_, err := passport.ParseKeyFile([]byte(raw))
		if err == nil {
			t.Fatalf("accepted %s", raw)
		}
		for _, secret := range []string{"hunter2", "424242", "aHVu"} {
			if strings.Contains(err.Error(), secret) {
				t.Errorf("shows a value: %v", err)
			}
		}
	}
}
