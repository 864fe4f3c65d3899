package webhooks

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
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
		found, ok := split([]byte(in), nil)
		got := map[string]string{}
		for _, m := range found {
			got[string(m.key)] = string(m.value)
		}
		if diff := cmp.Diff(want, got); !ok || diff != "" {
			t.Errorf("split(%s) %v (-want +got):\n%s", in, ok, diff)
		}
	}
	for _, in := range []string{`null`, `1`, `"{}"`, `[]`, `[{}]`, `{"a":1,"a":2}`, `{"a":1,"\u0061":2}`} {
		if found, ok := split([]byte(in), nil); ok {
			t.Errorf("split(%s) = %v, want no", in, found)
		}
	}
}

// TestSplitsManyMembers has objects of any size taken apart, in a time that grows with it, and a
// key found that is given twice, wherever the second stands.
func TestSplitsManyMembers(t *testing.T) {
	for _, n := range []int{1, fewMembers - 1, fewMembers, fewMembers + 1, 300_000} {
		text := []byte("{")
		for i := range n {
			text = fmt.Appendf(text, `"k%d":%d,`, i, i)
		}
		found, ok := split(append(text[:len(text)-1:len(text)-1], '}'), nil)
		if !ok || len(found) != n {
			t.Errorf("%d members: %v, %d", n, ok, len(found))
		}
		last := fmt.Sprintf("k%d", n-1)
		if value, given := found.get(last); !given || string(value) != strconv.Itoa(n-1) {
			t.Errorf("of %d members the last is %s, %v", n, value, given)
		}
		if value, given := found.get("k"); given {
			t.Errorf("of %d members one has the key k: %s", n, value)
		}
		for _, again := range []string{"k0", last, `\u006b0`} {
			if _, ok := split(fmt.Appendf(slices.Clone(text), `"%s":null}`, again), nil); ok {
				t.Errorf("%d members and %s once more are taken", n, again)
			}
		}
	}
}

// TestPlainIsWhatItReadsAs: the short way gives what the standard library does, or leaves it to
// that.
func TestPlainIsWhatItReadsAs(t *testing.T) {
	plain := 0
	for _, in := range []string{
		`[]`, `[ ]`, `["a"]`, "[ \"a\"\n,\t\"b]\" , \"\" ]", `["é"]`, `["a\u0062"]`, `["\\"]`, `[1]`, `["a",null]`, `[["a"]]`, `{"a":"b"}`, `"a"`, `"\""`, `null`, `1`, `true`,
		`{}`, `{"a/b":["c"],"d":[]}`, `{"a":null}`, `{"a":["\\u0062"]}`, `{"a":[1]}`, `{"a":{"b":["c"]}}`,
	} {
		var want []string
		wantErr := json.Unmarshal([]byte(in), &want)
		if got, ok := plainList([]byte(in)); ok {
			plain++
			if diff := cmp.Diff(want, got); wantErr != nil || diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", in, wantErr, diff)
			}
		}
		var text string
		wantErr = json.Unmarshal([]byte(in), &text)
		if got, ok := plainText([]byte(in)); ok {
			plain++
			if wantErr != nil || got != text {
				t.Errorf("%s: got %q, want %q, %v", in, got, text, wantErr)
			}
		}
		var lists map[string][]string
		wantErr = json.Unmarshal([]byte(in), &lists)
		if got, ok := plainLists([]byte(in)); ok {
			plain++
			if diff := cmp.Diff(lists, got); wantErr != nil || diff != "" {
				t.Errorf("%s: %v (-want +got):\n%s", in, wantErr, diff)
			}
		}
	}
	if plain != 8 {
		t.Errorf("%d of them took the short way, want 8", plain)
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
		found, ok := split(data, nil)
		if !ok {
			return
		}
		got := map[string]json.RawMessage{}
		for _, m := range found {
			got[string(m.key)] = m.value
		}
		if len(got) != len(found) {
			t.Fatalf("split took %q, in which a key is there twice", data)
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
