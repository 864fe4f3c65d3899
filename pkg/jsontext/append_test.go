package jsontext_test

import (
	"encoding/json"
	"testing"

	"gatehouse.dev/gatehouse/pkg/jsontext"
)

// FuzzAppend holds every text against the standard library.
func FuzzAppend(f *testing.F) {
	for _, s := range []string{"", "plain", `"quoted"\`, "<a href='x'>&", "grüße", "\x00\x1f\x7f~ ", "\xff\xfe", "\u2028\u2029"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		want, err := json.Marshal(s)
		if err != nil {
			t.Fatal(err)
		}
		if got := jsontext.Append([]byte("x"), s); string(got) != "x"+string(want) {
			t.Errorf("%q: %s, want x%s", s, got, want)
		}
	})
}
