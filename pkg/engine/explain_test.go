package engine

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

func TestExplain(t *testing.T) {
	p := compiled(t, map[string]string{
		"a/direct": "package a.direct\n\ndeny contains \"direct\" if {\n\tinput.request.name == \"x\"\n\tinput.request.namespace == \"y\"\n}\n\nwarn contains \"careful\" if input.request.name == \"x\"\n",
		"a/handed": "package a.handed\n\ndeny contains msg if some msg in wrong\n\nwrong contains \"never\" if input.request.name == \"other\"\n\nwrong contains \"handed on\" if {\n\tinput.request.name == \"x\"\n}\n",
		"a/silent": "package a.silent\n\ndeny contains \"one\" if {\n\tinput.request.name == \"x\"\n\tstartswith(input.request.namespace, \"z\")\n\tinput.request.uid == \"never\"\n}\n\ndeny contains \"two\" if input.request.name == \"b\"\n",
		"a/takes":  "package a.takes\n\ndemand[\"sessions\"] := 2 if input.request.name == \"x\"\n",
		"a/fails":  "package a.fails\n\nx := 1 if input.request.name == \"x\"\n\nx := 2 if input.request.name == \"x\"\n\ndeny contains \"fails\" if x == 3\n",
		"a/other":  header(`{groups: [other], kinds: [Other], operations: [CREATE]}`, "{}") + "package a.other\n\ndeny contains \"other\"\n",
	})
	request := map[string]any{"kind": map[string]any{"group": "", "version": "v1", "kind": "Pod"}, "operation": "CREATE", "name": "x", "namespace": "y"}
	input := write(t, "", "Pod", "CREATE", map[string]any{"request": request})
	got, err := p.Explain(context.Background(), input, nil)
	if err != nil {
		t.Fatal(err)
	}
	at := func(rule string, line int, code string) Line {
		return Line{File: "a/" + rule + "/rule.rego", Line: line, Code: code}
	}
	want := []Explanation{
		{Rule: "a/direct", Said: []Said{{outDeny, "direct", at("direct", 8, "")}, {outWarn, "careful", at("direct", 13, "")}}},
		{Rule: "a/fails"},
		{Rule: "a/handed", Said: []Said{{outDeny, "handed on", at("handed", 12, "")}}},
		{Rule: "a/silent", Stopped: []Line{at("silent", 10, `startswith(input.request.namespace, "z")`), at("silent", 14, `input.request.name == "b"`)}},
		{Rule: "a/takes", Said: []Said{{outDemand, "2 of sessions", at("takes", 8, "")}}},
	}
	if diff := cmp.Diff(want, got, cmpopts.IgnoreFields(Explanation{}, "Title", "Enforcement", "Err")); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, e := range got {
		if (e.Err != "") != (e.Rule == "a/fails") || e.Title == "" || e.Enforcement == "" {
			t.Errorf("%+v", e)
		}
	}
}
