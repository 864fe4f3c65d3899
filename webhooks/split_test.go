package webhooks

import (
	"encoding/json"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

func TestSplit(t *testing.T) {
	tests := map[string]map[string]string{
		`{}`:      {},
		" { } \n": {},
		`{"a":1}`: {"a": "1"},
		"{\t\"a\" :\n1 , \"b\":null\r\n, \"c\" : true }": {"a": "1", "b": "null", "c": "true"},
		`{"a":{"b":[{"}":"]"},[[]]]},"c":[1,2]}`:         {"a": `{"b":[{"}":"]"},[[]]]}`, "c": `[1,2]`},
		`{"a":"\"","b\"":"\\\\","c":"\\\"}"}`:            {"a": `"\""`, `b"`: `"\\\\"`, "c": `"\\\"}"`},
		`{"":"","a b":-1.5e+3}`:                          {"": `""`, "a b": "-1.5e+3"},
		`{"\u0061":"é"}`:                                 {"a": `"é"`},
		`{"a":1,"A":2}`:                                  {"a": "1", "A": "2"},
	}
	for in, want := range tests {
		if !json.Valid([]byte(in)) {
			t.Fatalf("%s is not JSON", in)
		}
		members, ok := split([]byte(in))
		got := map[string]string{}
		for key, value := range members {
			got[key] = string(value)
		}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("split(%s) %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{`null`, `1`, `"{}"`, `[]`, `[{}]`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`} {
		if members, ok := split([]byte(in)); ok {
			t.Errorf("split(%s) = %v, want no", in, members)
		}
	}
}

// FuzzSplit compares split with the standard library on whatever is valid JSON.
func FuzzSplit(f *testing.F) {
	for _, seed := range []string{valid, `{}`, `{"a":"\\","b":[{}],"c":1}`, `{"a":{"b":"}\""}}`, `[1]`, ` {"a" : 1.5 } `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if !utf8.Valid(data) || !json.Valid(data) {
			return
		}
		got, ok := split(data)
		if !ok {
			return
		}
		var want map[string]json.RawMessage
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatalf("split took %q, which %v", data, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("split(%q) (-want +got):\n%s", data, diff)
		}
	})
}
