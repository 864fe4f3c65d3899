package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"strings"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// askOne asks one rule about a review whose parts are not known before.
func askOne(t *testing.T, unoptimized bool, budget time.Duration, body string) error {
	t.Helper()
	p := compiled(t, map[string]string{"a/b": "package a.b\n\n" + body}, func(o *Options) {
		o.Unoptimized, o.NoPlan, o.Timeout = unoptimized, unoptimized, budget
	})
	_, err := p.Eval(context.Background(), sized(t), nil)
	return err
}

// sized is a review whose text, list and number are not known before.
func sized(t *testing.T) ast.Value {
	t.Helper()
	list := make([]string, 1000)
	for i := range list {
		list[i] = fmt.Sprint(i)
	}
	value, err := Value([]byte(`{"request":{"kind":{"group":"","kind":"Pod"},"operation":"CREATE","object":{"data":{"text":"` +
		strings.Repeat("ab", 512) + `","list":[` + strings.Join(list, ",") + `],"number":12345678}}}}`))
	if err != nil {
		t.Fatal(err)
	}
	return value
}

// chain makes a rule that feeds a call its own result, so many times.
func chain(first, call string, times int) string {
	lines := []string{"deny contains \"no\" if {", "\tx0 := " + first}
	for i := range times {
		lines = append(lines, fmt.Sprintf("\tx%d := %s", i+1, strings.ReplaceAll(call, "X", fmt.Sprintf("x%d", i))))
	}
	return strings.Join(append(lines, fmt.Sprintf("\tis_null(x%d)", times), "}"), "\n") + "\n"
}

// TestNoCallGrowsWithoutEnd: each of them would fill any memory within one call. Plan and
// evaluator take the same functions.
func TestNoCallGrowsWithoutEnd(t *testing.T) {
	const words, list, number = "input.request.object.data.text", "input.request.object.data.list", "input.request.object.data.number"
	for name, tt := range map[string]struct{ body, want string }{
		"concat":            {chain(words, `concat("", [X, X])`, 40), "concat: the result would be larger than 4 MiB"},
		"a wide delimiter":  {chain(words, `concat(X, ["", "", "", ""])`, 30), "concat: the result would be larger than 4 MiB"},
		"replace":           {chain(words, `replace(X, "a", "aab")`, 40), "replace: the result would be larger than 4 MiB"},
		"replace nothing":   {chain(words, `replace(X, "", "xxxx")`, 40), "replace: the result would be larger than 4 MiB"},
		"replace_n":         {chain(words, `strings.replace_n({"a": "aa", "b": "bb"}, X)`, 40), "strings.replace_n: the result would be larger than 4 MiB"},
		"sprintf":           {chain(words, `sprintf("%s%s", [X, X])`, 40), "sprintf: the result would be larger than 4 MiB"},
		"one argument":      {chain(words, `sprintf("%[1]s%[1]s%[1]s", [X])`, 40), "sprintf: the result would be larger than 4 MiB"},
		"a width":           {chain(number, `sprintf("%09999999d", [X])`, 1), "sprintf: the result would be larger than 4 MiB"},
		"widths":            {chain(number, `sprintf("`+strings.Repeat("%0999999d", 9)+`", [X, X, X, X, X, X, X, X, X])`, 1), "sprintf: the result would be larger than 4 MiB"},
		"a width from afar": {chain(number, `sprintf("%*d", [999999, X])`, 1), "sprintf: the result would be larger than 4 MiB"},
		"a list in a list":  {"warn contains json.marshal(deep)\n\ndeep := y if {\n\ty0 := " + list + "\n" + links(15) + "\ty := y15\n}\n", "json.marshal: the result would be larger than 4 MiB"},
		"array.concat":      {chain(list, `array.concat(X, X)`, 40), "array.concat: the result would have more than 262144 members"},
		"mul":               {chain(number, `X * X`, 40), "mul: the numbers have more than 1000 digits"},
		"split":             {"warn contains count(split(long, \"\"))\n\nlong := y if {\n\ty0 := " + words + "\n" + doubles(11) + "\ty := y11\n}\n", "split: the result would have more than 262144 members"},
	} {
		for _, unoptimized := range []bool{false, true} {
			if unoptimized && name != "concat" && name != "mul" {
				continue
			}
			if err := askOne(t, unoptimized, 10*time.Second, tt.body); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s, unoptimized %t: %v, want %q", name, unoptimized, err, tt.want)
			}
		}
	}
}

func links(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\ty%d := [y%d, y%d]\n", i+1, i, i)
	}
	return b.String()
}

func doubles(n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "\ty%d := concat(\"\", [y%d, y%d])\n", i+1, i, i)
	}
	return b.String()
}

// TestNoAnswerGrowsWithoutEnd: what holds a value too often does not compile, and what is
// allowed to is not written out where it is large all the same.
func TestNoAnswerGrowsWithoutEnd(t *testing.T) {
	deep := func(name, first string, n int) string {
		return name + " := y if {\n\ty0 := " + first + "\n" + links(n) + fmt.Sprintf("\ty := y%d\n}\n\n", n)
	}
	_, err := Compile(context.Background(), Options{NoCanary: true, Policies: set(t, map[string]string{"a/b": "package a.b\n\n" + deep("deep", "input.request.object", 40) + "deny contains \"no\" if count(deep) == 0\n"})})
	if err == nil || !strings.Contains(err.Error(), "rule.rego:") || !strings.Contains(err.Error(), "holds other values more than 262144 times over") {
		t.Errorf("compiled: %v", err)
	}
	one := deep("one", "input.request.object.data.list", 15)
	for name, body := range map[string]string{
		"mutation": one + "mutate contains {\"path\": \"/a\", \"value\": one}\n",
		"details":  one + "deny contains {\"msg\": \"no\", \"details\": one}\n",
	} {
		for _, unoptimized := range []bool{false, true} {
			p := compiled(t, map[string]string{"a/b": "package a.b\n\n" + body}, func(o *Options) { o.Unoptimized, o.NoPlan = unoptimized, unoptimized })
			answer, err := p.Eval(context.Background(), sized(t), nil)
			if name == "mutation" {
				answer, err = p.Mutate(context.Background(), sized(t), nil)
			}
			if err == nil {
				_, err = Decode(answer)
			}
			if err == nil || !strings.Contains(err.Error(), "the result would be larger than 4 MiB") {
				t.Errorf("%s, unoptimized %t: %v", name, unoptimized, err)
			}
		}
	}
}

// TestHonestCallsAreNotBounded: what policies do with whole objects goes on.
func TestHonestCallsAreNotBounded(t *testing.T) {
	const words, list = "input.request.object.data.text", "input.request.object.data.list"
	for name, body := range map[string]string{
		"texts":   chain(words, `sprintf("%s and %-20s: %v", ["a", X, 7])`, 5),
		"lists":   chain(list, `array.concat(X, ["x"])`, 50),
		"numbers": chain("7", `(X * 3) + 1`, 50),
		"json":    chain("input.request.object.data", `json.unmarshal(json.marshal(X))`, 3),
	} {
		if err := askOne(t, false, 10*time.Second, body); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestGreedyEvaluationsAreGivenUp: one that goes on allocating ends long before its time,
// and what it held is free again.
func TestGreedyEvaluationsAreGivenUp(t *testing.T) {
	limit := debug.SetMemoryLimit(512 << 20)
	defer debug.SetMemoryLimit(limit)
	const body = "deny contains \"no\" if {\n\tlist := input.request.object.data.list\n\tall := [{\"a\": a, \"b\": b, \"c\": c} | some a in list; some b in list; some c in list]\n\tcount(all) == 1\n}\n"
	for _, unoptimized := range []bool{false, true} {
		began := time.Now()
		if err := askOne(t, unoptimized, 5*time.Minute, body); !errors.Is(err, ErrMemory) {
			t.Errorf("unoptimized %t: %v after %s, want %v", unoptimized, err, time.Since(began), ErrMemory)
		}
		t.Logf("unoptimized %t: given up after %s", unoptimized, time.Since(began))
	}
	if err := askOne(t, false, 10*time.Second, chain("7", "X + 1", 1)); err != nil {
		t.Errorf("afterwards: %v", err)
	}
}
