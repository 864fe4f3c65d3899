package network

import (
	"flag"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write docs/network.md anew")

const pagePath = "../../docs/network.md"

// TestPage makes docs/network.md and fails where it is another.
func TestPage(t *testing.T) {
	got := page(t)
	if *update {
		if err := os.WriteFile(pagePath, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(pagePath)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("docs/network.md is not as generated (-want +got), run with -update if it is meant:\n%s", diff)
	}
}

func page(t testing.TB) string {
	t.Helper()
	w := newWall(platform(t))
	var out strings.Builder
	out.WriteString(introduction)
	out.WriteString("\n## What her session reaches\n\n")
	writeMatrix(t, &out, w, outward)
	out.WriteString("\n## Who reaches her session\n\n")
	writeMatrix(t, &out, w, inward)
	out.WriteString(ownPolicies)
	writeOwn(t, &out, w)
	return out.String()
}

func writeMatrix(t testing.TB, out *strings.Builder, w wall, way string) {
	t.Helper()
	head, rule := "| "+map[string]string{outward: "to", inward: "from"}[way]+" |", "|---|"
	for _, on := range probes {
		head += " " + on.String() + " |"
		rule += "---|"
	}
	fmt.Fprintln(out, head)
	fmt.Fprintln(out, rule)
	for _, p := range slices.Concat(pods, addresses) {
		fmt.Fprintf(out, "| %s |", label(p))
		verdicts := portsOf(t, w, way, p)
		for _, on := range probes {
			fmt.Fprintf(out, " %s |", verdicts[on])
		}
		fmt.Fprintln(out)
	}
}

// label shows the addresses that were asked about, where they are what the row is.
func label(p peer) string {
	if p.namespace != "" {
		return p.name
	}
	shown := p.addresses
	if len(shown) > 4 {
		shown = append(slices.Clone(shown[:4]), fmt.Sprintf("%d more", len(p.addresses)-4))
	}
	return p.name + ": " + strings.Join(shown, ", ")
}

func writeOwn(t testing.TB, out *strings.Builder, base wall) {
	t.Helper()
	fmt.Fprint(out, "| her policy | the rule | opens |\n|---|---|---|\n")
	for _, c := range tenantCases(t) {
		verdict, opens := "denies", "would open "
		if c.Allowed {
			verdict, opens = "allows", ""
		}
		opened := summary(openings(base, c.beside(t), slices.Concat(pods, addresses), probes))
		if opened == "" {
			opened = "nothing"
		}
		fmt.Fprintf(out, "| %s | %s | %s%s |\n", c.Case, verdict, opens, opened)
	}
}

// summary names, for each way, the peers.
func summary(opened []opening) string {
	var parts []string
	for _, way := range []string{outward, inward} {
		var names []string
		for _, o := range opened {
			if o.way == way && !slices.Contains(names, o.name) {
				names = append(names, o.name)
			}
		}
		switch {
		case len(names) == len(pods)+len(addresses):
			parts = append(parts, way+": everybody")
		case len(names) > 6:
			parts = append(parts, fmt.Sprintf("%s: %s; %d more", way, strings.Join(names[:6], "; "), len(names)-6))
		case len(names) > 0:
			parts = append(parts, way+": "+strings.Join(names, "; "))
		}
	}
	return strings.Join(parts, "<br>")
}
