package failures

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/onsi/ginkgo/v2/types"
)

func TestPrint(t *testing.T) {
	t.Parallel()
	place := types.CodeLocation{FileName: "race_test.go", LineNumber: 54}
	var out strings.Builder
	Print(&out, types.Report{SpecReports: types.SpecReports{
		{State: types.SpecStatePassed, LeafNodeText: "passed"},
		{State: types.SpecStateFailed, LeafNodeText: "failed", Failure: types.Failure{Message: "expected 1\nto equal 2", Location: place},
			AdditionalFailures: []types.AdditionalFailure{{State: types.SpecStateTimedout, Failure: types.Failure{Message: "late", Location: place}}}},
		{State: types.SpecStatePanicked, LeafNodeText: "panicked", Failure: types.Failure{
			Message: strings.Repeat("x", most+1), ForwardedPanic: "", Location: place}},
	}})
	want := "\nfailed: failed\n  race_test.go:54\n    expected 1\n    to equal 2\n" +
		"\ntimedout:   also\n  race_test.go:54\n    late\n" +
		"\npanicked: panicked\n  race_test.go:54\n    " + strings.Repeat("x", most) + " …\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}
