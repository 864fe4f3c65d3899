package attacks

import (
	_ "embed"
	"fmt"
	"strings"

	"sigs.k8s.io/yaml"
)

//go:embed benchmarks.yaml
var benchmarksFile []byte

// Benchmark is one of the Kubernetes multi-tenancy benchmarks, re-stated by our cases.
type Benchmark struct {
	Name  string `json:"benchmark"`
	Level int    `json:"level"`
	// Strictly says what is asked beyond the original.
	Strictly string `json:"strictly"`
	// Cases are titles by area; Numbers are theirs, in order.
	Cases   map[string][]string `json:"cases,omitempty"`
	Numbers []string            `json:"-"`
	// Honest are kinds that tenants must be able to write.
	Honest []string `json:"honest,omitempty"`
	// Proof are files of tests or pages beside the cases.
	Proof []string `json:"proof,omitempty"`
}

// LoadBenchmarks reads the benchmarks and finds their cases' numbers.
func LoadBenchmarks(cases []Case) ([]Benchmark, error) {
	var list []Benchmark
	if err := yaml.UnmarshalStrict(benchmarksFile, &list); err != nil {
		return nil, fmt.Errorf("benchmarks.yaml: %w", err)
	}
	for i := range list {
		b := &list[i]
		if b.Name == "" || b.Strictly == "" || b.Level != 1 && b.Level != 2 || len(b.Cases)+len(b.Honest) == 0 {
			return nil, fmt.Errorf("benchmarks.yaml: %q: want a name, level 1 or 2, what is stricter, and cases or honest kinds", b.Name)
		}
		wanted := 0
		for _, titles := range b.Cases {
			wanted += len(titles)
		}
		for _, c := range cases {
			for _, title := range b.Cases[c.Area] {
				if title == c.Title {
					b.Numbers = append(b.Numbers, c.ID())
				}
			}
		}
		if len(b.Numbers) != wanted {
			return nil, fmt.Errorf("benchmarks.yaml: %q: %d of its %d cases are there", b.Name, len(b.Numbers), wanted)
		}
	}
	return list, nil
}

// benchmarks is the page's table.
func benchmarks(list []Benchmark) string {
	var b strings.Builder
	b.WriteString(`
## The Kubernetes multi-tenancy benchmarks

Those of the multi-tenancy group ([kubectl-mtb](https://github.com/kubernetes-retired/multi-tenancy),
profile levels 1 and 2, planned ones too), re-stated: the original passes a benchmark on any
error, here each case must be denied by whom it names, leave nothing stored, and its honest
variant must pass. What tenants must be able to do, two of them do all day (below).

| level | benchmark | asked more strictly | cases | beside them |
|---:|---|---|---|---|
`)
	for _, one := range list {
		var beside []string
		for _, kind := range one.Honest {
			beside = append(beside, kind+" on the honest day")
		}
		for _, path := range one.Proof {
			beside = append(beside, fmt.Sprintf("[%s](../%s)", path[strings.LastIndex(path, "/")+1:], path))
		}
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s |\n", one.Level, one.Name, one.Strictly, strings.Join(one.Numbers, ", "), strings.Join(beside, ", "))
	}
	return b.String()
}
