package gate

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/open-policy-agent/opa/v1/ast"
)

// TestRequestsOfTheSpecThatCounts: a key of another case must not stand in for the spec, wherever
// it comes in the bytes.
func TestRequestsOfTheSpecThatCounts(t *testing.T) {
	const spec = `"spec":{"containers":[{"name":"a","resources":{"requests":{"cpu":"2"}}}]}`
	for name, raw := range map[string]string{
		"one":            `{` + spec + `}`,
		"another after":  `{` + spec + `,"Spec":{"containers":[]}}`,
		"another before": `{"SPEC":{"containers":[{"name":"a"}]},` + spec + `}`,
	} {
		o, err := decode([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(`{"cpu": 2}`, requests("", o).String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	if got := requests("", object{value: ast.NewObject()}); got.Compare(ast.Null{}) != 0 {
		t.Errorf("what was decoded of nothing asks for %s", got)
	}
}
