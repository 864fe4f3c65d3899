package session

import (
	"math"
	"testing"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/tenant"
)

func TestDeadline(t *testing.T) {
	limited := func(amount string) map[string]tenant.Limit {
		return map[string]tenant.Limit{DimensionLength: {Amount: resource.MustParse(amount), Source: "tier standard"}}
	}
	for name, c := range map[string]struct {
		limits map[string]tenant.Limit
		asked  int64
		want   int64
		words  string
	}{
		"nothing asked, nothing limited": {nil, 0, 300, ""},
		"negative":                       {nil, -5, 300, ""},
		"within the installation's":      {nil, 1800, 1800, ""},
		"more than the installation's":   {nil, 1801, 1800, "spec.timeout of 1801 s was shortened to the 1800 s of the installation"},
		"huge":                           {nil, math.MaxInt64, 1800, "spec.timeout of 9223372036854775807 s was shortened to the 1800 s of the installation"},
		"within the tier's":              {limited("1k"), 1000, 1000, ""},
		"more than the tier's":           {limited("600"), 601, 600, "spec.timeout of 601 s was shortened to the 600 s of tier standard"},
		"a tier longer than the rest":    {limited("7200"), 7200, 7200, ""},
		"a fraction is not granted":      {limited("1500m"), 2, 1, "spec.timeout of 2 s was shortened to the 1 s of tier standard"},
		"a limit of nothing":             {limited("0"), 300, 0, "spec.timeout of 300 s was shortened to the 0 s of tier standard"},
		"a limit below nothing":          {limited("-5"), 300, 0, "spec.timeout of 300 s was shortened to the 0 s of tier standard"},
		"unlimited":                      {map[string]tenant.Limit{DimensionLength: {Unlimited: true, Source: "tier top"}}, 1 << 20, 1 << 20, ""},
		"unlimited, beyond any clock":    {map[string]tenant.Limit{DimensionLength: {Unlimited: true, Source: "tier top"}}, math.MaxInt64, math.MaxInt32, "spec.timeout of 9223372036854775807 s was shortened to the 2147483647 s of tier top"},
		"another dimension":              {map[string]tenant.Limit{"cpu": {Amount: resource.MustParse("1")}}, 300, 300, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, words := deadline(c.asked, boundOf(c.limits, 30*time.Minute))
			if got != c.want || words != c.words {
				t.Errorf("%d %q, want %d %q", got, words, c.want, c.words)
			}
		})
	}
}
