package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/engine/taint"
)

// library has functions and rules that hand values on, and some that look at them.
const library = `package lib.hand

pass(x) := x

named("hunter2") := "found"

named(x) := "other" if x != "hunter2"

starts(x) if startswith(x, "s3")

values contains v if some v in input.request.object.data

pairs contains [k, v] if some k, v in input.request.object.data

first := input.request.object.data.a

by[k] := v if some k, v in input.request.object.data

keyed[v] := k if some k, v in input.request.object.data
`

// looking are rules over data of an object and its old one, and whether they look at the
// values. The values of p are plain, those of all else are markers.
var looking = map[string]struct {
	body string
	want bool
}{
	"compares with a constant":           {`input.request.object.data.a == "hunter2"`, true},
	"assigns and compares":               {`x := input.request.object.data.a; y := x; y == "hunter2"`, true},
	"unequal":                            {`input.request.object.data.a != "hunter2"`, true},
	"unequal to nothing":                 {`input.request.object.data.a != ""`, false},
	"startswith":                         {`startswith(input.request.object.data.a, "s3")`, true},
	"sprintf":                            {`sprintf("%s", [input.request.object.data.a]) != ""`, true},
	"regex":                              {`regex.match("^h", input.request.object.data.a)`, true},
	"in a set of constants":              {`input.request.object.data.a in {"hunter2", "b"}`, true},
	"in a list of constants":             {`input.request.object.data.a in ["hunter2", "b"]`, true},
	"constant in the values":             {`"hunter2" in input.request.object.data`, true},
	"constant in a set of values":        {`"hunter2" in {v | some v in input.request.object.data}`, true},
	"old and new":                        {`input.request.object.data.a == input.request.oldObject.data.a`, false},
	"old and new differ":                 {`input.request.object.data.a != input.request.oldObject.data.a`, false},
	"whole old and new":                  {`input.request.object.data == input.request.oldObject.data`, false},
	"whole old and new differ":           {`input.request.object != input.request.oldObject`, false},
	"whole and a constant":               {`input.request.object.data == {"a": "hunter2", "b": "x", "p": "plain"}`, true},
	"whole and other keys":               {`input.request.object.data == {"z": "hunter2"}`, false},
	"one among the old":                  {`input.request.object.data.a in input.request.oldObject.data`, false},
	"index into a set":                   {`s := {"hunter2", "b"}; s[input.request.object.data.a]`, true},
	"index into an object":               {`o := {"hunter2": 1}; o[input.request.object.data.a] == 1`, true},
	"index by a bound variable":          {`x := input.request.object.data.a; o := {"hunter2": 1}; o[x]`, true},
	"set of values asked for a constant": {`s := {v | some v in input.request.object.data}; s["hunter2"]`, true},
	"set of values asked by unification": {`s := {v | some v in input.request.object.data}; x := "hunter2"; s[_] = x`, true},
	"a set asked for a value":            {`s := {"hunter2", "b"}; x := input.request.object.data.a; s[_] = x`, true},
	"some in a set of values":            {`s := {v | some v in input.request.object.data}; some x in s; x == "hunter2"`, true},
	"some in the values alone":           {`some x in input.request.object.data; x`, false},
	"is there":                           {`input.request.object.data.a`, false},
	"is not there":                       {`not input.request.object.data.zz`, false},
	"not equal":                          {`not input.request.object.data.a == "hunter2"`, true},
	"type":                               {`is_string(input.request.object.data.a)`, false},
	"count of fields":                    {`count(input.request.object.data) > 2`, false},
	"length of a value":                  {`count(input.request.object.data.a) > 2`, true},
	"count of different values":          {`count({v | some v in input.request.object.data}) > 2`, true},
	"count of secret values":             {`d := object.remove(input.request.object.data, ["p"]); count({v | some v in d}) > 1`, false},
	"keys":                               {`"a" in object.keys(input.request.object.data)`, false},
	"object.get":                         {`object.get(input.request.object, ["data", "a"], "") == "hunter2"`, true},
	"object.get handed on":               {`x := object.get(input.request.object, ["data", "a"], ""); x == input.request.oldObject.data.a`, false},
	"object.get by value":                {`object.get({"hunter2": true}, input.request.object.data.a, false)`, true},
	"plain value":                        {`input.request.object.data.p == "hunter2"`, false},
	"plain and secret":                   {`input.request.object.data.p == input.request.object.data.a`, true},
	"plain value by every":               {`every k in ["p"] { input.request.object.data[k] == "hunter2" }`, false},
	"every value":                        {`every v in input.request.object.data { v != "hunter2" }`, true},
	"every value is there":               {`every v in input.request.object.data { is_string(v) }`, false},
	"function passes on":                 {`hand.pass(input.request.object.data.a) == "hunter2"`, true},
	"function passes on, unread":         {`hand.pass(input.request.object.data.a) == hand.pass(input.request.oldObject.data.a)`, false},
	"function chosen by value":           {`hand.named(input.request.object.data.a) == "found"`, true},
	"function looks":                     {`hand.starts(input.request.object.data.a)`, true},
	"rule's value":                       {`hand.first == "hunter2"`, true},
	"rule's value, unread":               {`hand.first == input.request.oldObject.data.a`, false},
	"rule's set":                         {`hand.values["hunter2"]`, true},
	"rule's set, filled before":          {`count(hand.values) > -1; hand.values["hunter2"]`, true},
	"rule's set, by unification":         {`x := "hunter2"; y := hand.values; y[_] = x`, true},
	"rule's set, directly":               {`z := hand.values; is_set(z); x := "hunter2"; hand.values[_] = x`, true},
	"rule's set of pairs":                {`some [k, v] in hand.pairs; k == "a"; is_string(v)`, false},
	"rule's set of pairs, asked":         {`hand.pairs[["a", "hunter2"]]`, true},
	"rule's object":                      {`hand.by.a == "hunter2"`, true},
	"rule's object, unread":              {`is_string(hand.by.a)`, false},
	"rule's keys":                        {`hand.keyed.hunter2 == "a"`, true},
	"keys made of values":                {`o := {v: k | some k, v in input.request.object.data}; o.hunter2`, true},
	"order of a set":                     {`s := {[v, k] | some k, v in input.request.object.data}; l := [k | some [_, k] in s]; l[0] == "a"`, true},
	"order of fields":                    {`l := [k | some k, _ in input.request.object.data]; l[0] == "a"`, false},
	"sort":                               {`sort([v | some v in input.request.object.data])[0] == input.request.object.data.a`, true},
	"max":                                {`max([v | some v in input.request.object.data]) == input.request.object.data.a`, true},
	"with input":                         {`hand.first == "hunter2" with input.request.object.data.a as "x"`, false},
	"with a value":                       {`hand.first == "hunter2" with input.request.object.data.a as input.request.object.data.b`, true},
	"with a function replaced":           {`count([input.request.object.data.a]) == 1 with count as hand.pass`, true},
	"arrays":                             {`[input.request.object.data.a, 1] == ["hunter2", 1]`, true},
	"arrays of another length":           {`[input.request.object.data.a, 1] == hand.pass(["hunter2"])`, false},
	"sets":                               {`{input.request.object.data.a} == {"hunter2"}`, true},
	"sets of the same":                   {`{v | v := input.request.object.data.a} == {v | v := input.request.oldObject.data.a}`, false},
	"sets of others":                     {`{v | v := input.request.object.data.a} == {v | some v in ["hunter2"]}`, true},
	"sets filled in place":               {`{input.request.object.data.a} == {input.request.oldObject.data.a}`, true}, // cannot be told
	"union":                              {`s := {input.request.object.data.a} | {"x"}; count(s) == 2`, true},
	"intersection":                       {`count({input.request.object.data.a} & {"hunter2"}) == 1`, true},
	"join":                               {`concat(",", [input.request.object.data.a]) == "hunter2"`, true},
	"marshalled":                         {`json.marshal(input.request.object) != ""`, true},
	"number of another":                  {`input.request.object.data.a == 1`, false},
	"looked up twice":                    {`s := {v | some v in input.request.object.data}; o := {"hunter2": 1}; some x; s[x] = o[x]`, true},
	"else":                               {`hand.pass(input.request.object.data) == input.request.oldObject.data`, false},
}

func lookingProgram(t testing.TB) *Program {
	modules := map[string]string{"lib/hand.rego": library}
	for name, rule := range looking {
		id := ruleID(name)
		uses := ""
		if strings.Contains(rule.body, "hand.") {
			uses = "import data.lib.hand\n\n"
		}
		modules["a/"+id] = fmt.Sprintf("package a[%q]\n\n%sdeny contains \"found\" if {\n\t%s\n}\n", id, uses, rule.body)
	}
	return compiled(t, modules, func(o *Options) { o.Unoptimized = true })
}

var notID = regexp.MustCompile(`[^a-z0-9]+`)

func ruleID(name string) string { return strings.Trim(notID.ReplaceAllString(name, "-"), "-") }

// lookingAt asks about an object and its old one.
func lookingAt(t testing.TB, p *Program, data, old map[string]string) map[string]Alone {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"request": map[string]any{
		"kind": map[string]any{"group": "", "version": "v1", "kind": "Secret"}, "operation": "UPDATE",
		"object": map[string]any{"data": data}, "oldObject": map[string]any{"data": old},
	}})
	if err != nil {
		t.Fatal(err)
	}
	input, err := ObjectValue(raw)
	if err != nil {
		t.Fatal(err)
	}
	found, err := p.Alone(context.Background(), input, nil)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]Alone{}
	for _, a := range found {
		out[strings.TrimPrefix(a.Rule, "a/")] = a
	}
	return out
}

func mark(s string) string { return taint.Prefix + fmt.Sprintf("%x", s) }

func TestLooks(t *testing.T) {
	p := lookingProgram(t)
	data := map[string]string{"a": mark("one"), "b": mark("two"), "p": "plain"}
	old := map[string]string{"a": mark("one"), "b": mark("other"), "p": "plain"}
	found := lookingAt(t, p, data, old)
	for name, rule := range looking {
		a, ok := found[ruleID(name)]
		if !ok {
			t.Errorf("%s: was not asked", name)
			continue
		}
		if got := a.Look != ""; got != rule.want {
			t.Errorf("%s: looked is %v (%s), want %v; error %v\n  %s", name, got, a.Look, rule.want, a.Err, rule.body)
		}
	}
}

// Whatever the markers stand for, a rule that looked at none says the same.
func TestWhatWasNotLookedAtChangesNothing(t *testing.T) {
	p := lookingProgram(t)
	random := rand.New(rand.NewPCG(1, 2))
	pool := []string{"hunter2", "b", "x", "plain", "s3cret", "a", "hh", "one", "two", "", "p", "other"}
	pick := func() string { return pool[random.IntN(len(pool))] }
	kept := map[string]int{}
	for range 60 {
		real := map[string]map[string]string{}
		marked := map[string]map[string]string{}
		for _, side := range []string{"new", "old"} {
			real[side], marked[side] = map[string]string{}, map[string]string{}
			for _, key := range []string{"a", "b", "c", "p"} {
				if key == "c" && random.IntN(2) == 0 {
					continue
				}
				v := pick()
				real[side][key], marked[side][key] = v, v
				if key != "p" && v != "" && random.IntN(4) > 0 {
					marked[side][key] = mark(v)
				}
			}
		}
		truth := lookingAt(t, p, real["new"], real["old"])
		for id, a := range lookingAt(t, p, marked["new"], marked["old"]) {
			if a.Look != "" {
				continue
			}
			kept[id]++
			want := truth[id]
			if diff := cmp.Diff(said(want), said(a)); diff != "" {
				t.Errorf("%s looked at nothing, and yet (-really +marked):\n%s\nnew %v\nold %v", id, diff, real["new"], real["old"])
			}
		}
	}
	for name, rule := range looking {
		if !rule.want && kept[ruleID(name)] == 0 {
			t.Errorf("%s always counts as looked", name)
		}
	}
	t.Logf("%d rules were determinate at least once", len(slices.Collect(maps.Keys(kept))))
}

func said(a Alone) string {
	var lines []string
	for _, f := range a.Result.Denials {
		lines = append(lines, f.Msg)
	}
	if a.Err != nil {
		lines = append(lines, "error")
	}
	slices.Sort(lines)
	return strings.Join(lines, "\n")
}

func TestOpaqueMarkers(t *testing.T) {
	p := lookingProgram(t)
	data := map[string]string{"a": taint.Opaque + "1", "b": mark("two"), "p": "plain"}
	found := lookingAt(t, p, data, data)
	for name, want := range map[string]bool{"is there": true, "type": true, "number of another": true, "plain value": false, "count of fields": false} {
		if got := found[ruleID(name)].Look != ""; got != want {
			t.Errorf("%s: looked is %v, want %v", name, got, want)
		}
	}
}
