package passport_test

import (
	"encoding/json"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// The payload is written by hand; any JSON library must read and write the same.
func TestPayloadIsWhatJSONWrites(t *testing.T) {
	k := keyring(t, key("k1", passport.Active))
	bare := passport.UserPassport{Audience: "a", UserID: "u", IssuedAt: 1, NotBefore: 1, Expires: 2}
	core := alice()
	core.Object.Group = ""
	drawn := alice()
	drawn.Object.Name, drawn.Object.GenerateName = "", "x-"
	passports := map[string]passport.UserPassport{"full": alice(), "bearer": bearer(), "bare": bare, "core group": core, "generateName": drawn}
	for name, text := range map[string]string{
		"quotes":        `a"b\c`,
		"HTML":          "<script>&amp;",
		"controls":      "\x00\x01\t\n\r\x1f\x7f",
		"separators":    "\u2028\u2029\u0085",
		"other letters": "Ærø 中文 🙂",
		"replacement":   "\ufffd",
		"look-alike":    "аlice", // begins with a Cyrillic letter
		"slash":         "a/b",
		// Alone, too: one of them in company would do for the others.
		"quote": `"`, "backslash": `\`, "less": "<", "more": ">", "and": "&", "escape": "\x1b", "delete": "\x7f",
	} {
		p := alice()
		p.UserID, p.Email, p.Role, p.Tier, p.Namespace, p.Organization = text, text, text, text, text, text
		p.Groups, p.Permissions, p.CorrelationID = []string{text, text + "x"}, []string{text}, text
		p.Object = passport.Object{Group: text, Kind: text, Namespace: text, Name: text}
		passports[name] = p
	}
	for name, p := range passports {
		t.Run(name, func(t *testing.T) {
			wire := sign(t, k, p)
			got, err := k.Verify(wire, p.Audience, now)
			if p.Bearer() && name == "bare" {
				got, err = passport.Inspect(wire) // long expired
			}
			if err != nil {
				t.Fatal(err)
			}
			raw, err := json.Marshal(got)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(raw), payloadOf(t, wire)); diff != "" {
				t.Error(diff)
			}
			var read passport.UserPassport
			if err := json.Unmarshal([]byte(payloadOf(t, wire)), &read); err != nil {
				t.Fatal(err)
			}
			read.Signature = got.Signature
			if diff := cmp.Diff(got, read); diff != "" {
				t.Error(diff)
			}
		})
	}
}
