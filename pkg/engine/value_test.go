package engine

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"strings"
	"testing"

	"github.com/open-policy-agent/opa/v1/ast"
)

func TestObjectValue(t *testing.T) {
	for name, tt := range map[string]struct{ raw, want string }{
		"none":       {"", "null"},
		"null":       {" null ", "null"},
		"empty":      {"{}", "{}"},
		"spaces":     {"\t{ \"a\" :\n[ 1 , 2 ] , \"b\" : { } }\r\n", `{"a": [1, 2], "b": {}}`},
		"values":     {`{"t":true,"f":false,"n":null,"s":"x","e":"","l":[],"d":[[{}]]}`, `{"t":true,"f":false,"n":null,"s":"x","e":"","l":[],"d":[[{}]]}`},
		"numbers":    {`{"a":0,"b":-1,"c":1.50,"d":1e3,"e":12345678901234567890,"f":-0}`, `{"a":0,"b":-1,"c":1.5,"d":1000,"e":12345678901234567890,"f":0}`},
		"escapes":    {`{"a\n\"":"\u00e9\\\/\t"}`, "{\"a\\n\\\"\": \"é\\\\/\\t\"}"},
		"surrogates": {`{"a":"\ud83d\ude00","b":"\ud83d"}`, "{\"a\": \"😀\", \"b\": \"\uFFFD\"}"},
		"bad UTF-8":  {"{\"a\":\"x\xff\"}", "{\"a\": \"x\uFFFD\"}"},
		"NUL":        {`{"a":"x\u0000y"}`, `{"a": "x\u0000y"}`},
		"deep":       {strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth), strings.Repeat(`{"a":`, MaxDepth) + "1" + strings.Repeat("}", MaxDepth)},
	} {
		got, err := ObjectValue([]byte(tt.raw))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		var want any
		d := json.NewDecoder(strings.NewReader(tt.want))
		d.UseNumber()
		if err := d.Decode(&want); err != nil {
			t.Fatal(err)
		}
		if w := ast.MustInterfaceToValue(want); got.Compare(w) != 0 {
			t.Errorf("%s: got %v, want %v", name, got, w)
		}
	}
}

func TestObjectValueRefuses(t *testing.T) {
	for name, tt := range map[string]struct{ raw, want string }{
		"half":           {`{"a":`, "syntax"},
		"trailing":       {`{} {}`, "syntax"},
		"comma":          {`{"a":1,}`, "syntax"},
		"bare word":      {`{a:1}`, "syntax"},
		"control":        {"{\"a\":\"\n\"}", "syntax"},
		"list":           {`[]`, "array, not an object"},
		"string":         {`"x"`, "string, not an object"},
		"number":         {`7`, "number, not an object"},
		"boolean":        {`true`, "boolean, not an object"},
		"double key":     {`{"a":1,"b":2,"a":1}`, "a key is there twice"},
		"double of many": {`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"a":1}`, "a key is there twice"},
		"double of few":  {`{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"k":1}`, "a key is there twice"},
		"double inside":  {`{"x":[{"a":1,"\u0061":2}]}`, "a key is there twice"},
		"huge number":    {`{"a":1e400}`, "beyond what a float64 holds"},
		"huge exponent":  {`{"a":1e100000000}`, "beyond what a float64 holds"},
		"too deep":       {strings.Repeat(`{"a":`, MaxDepth+1) + "1" + strings.Repeat("}", MaxDepth+1), "nests deeper"},
		"deep lists":     {`{"a":` + strings.Repeat("[", 100000) + strings.Repeat("]", 100000) + "}", ""},
	} {
		got, err := ObjectValue([]byte(tt.raw))
		if !errors.Is(err, ErrJSON) || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v, want %s", name, got, err, tt.want)
		}
	}
}

// TestErrorsHideContent: what is in an object may be a secret.
func TestErrorsHideContent(t *testing.T) {
	for _, raw := range []string{`{"s3cret":1,"s3cret":2}`, `{"a":"s3cret`, `{"a":1e999,"s3cret":1}`, `"s3cret"`} {
		if _, err := ObjectValue([]byte(raw)); err == nil || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s: %v", raw, err)
		}
	}
}

// FuzzValue compares with encoding/json: the same documents are taken, apart from what
// is refused on purpose, and read the same.
func FuzzValue(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `null`, `"x"`, `-0.5e-3`, `{"a":[1,{"b":"\u12345\ud83d"}]}`, `{"a":1,"a":2}`, `[1,2`, "\"\xff\"", ` [ ] `, `"\\"`, `1e400`, `-`, `[0123]`, `{"a" : [ 1 , -0.0E+7 ] } `, `{"a":1,}`, `{,"a":1}`, `[1 2]`, `{"a" 1}`, `tru`, `nulll`, `"\u12g4"`, "\"\x01\"", "[\x00]", `1.`, `.5`, `1e`, `--1`, `"\`, `12345678901`,
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := Value(raw)
		var want any
		d := json.NewDecoder(bytes.NewReader(raw))
		d.UseNumber()
		wantErr := d.Decode(&want)
		if wantErr == nil && !json.Valid(raw) {
			wantErr = errors.New("trailing data")
		}
		switch {
		case wantErr != nil && err == nil:
			t.Fatalf("took %q, encoding/json says %v", raw, wantErr)
		case wantErr == nil && err != nil:
			if s := err.Error(); !strings.Contains(s, "twice") && !strings.Contains(s, "deeper") && !strings.Contains(s, "float64") {
				t.Fatalf("refused %q: %v", raw, err)
			}
		case err == nil:
			if w := ast.MustInterfaceToValue(want); got.Compare(w) != 0 {
				t.Fatalf("%q: got %v, want %v", raw, got, w)
			}
		}
	})
}

// TestValueIsLinear: twice the bytes must not cost much more than twice the allocations.
func TestValueIsLinear(t *testing.T) {
	pairs := func(n int) []byte {
		var b bytes.Buffer
		b.WriteByte('{')
		for i := range n {
			if i > 0 {
				b.WriteByte(',')
			}
			b.WriteString(strconv.Quote("k"+strconv.Itoa(i)) + `:[{"a":{}}]`)
		}
		b.WriteByte('}')
		return b.Bytes()
	}
	count := func(raw []byte) float64 {
		return testing.AllocsPerRun(3, func() {
			if _, err := Value(raw); err != nil {
				t.Fatal(err)
			}
		})
	}
	if one, two := count(pairs(2000)), count(pairs(4000)); two > 2.5*one {
		t.Errorf("%v allocations for n, %v for 2n", one, two)
	}
}
