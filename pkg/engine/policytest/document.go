package policytest

import (
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Document writes the policies of a report as Markdown: a table, then each policy with
// its parameters and its examples, which are its tests.
func Document(r Report) string {
	var b strings.Builder
	b.WriteString("| rule | looks at | what it does |\n|---|---|---|\n")
	for _, p := range r.Policies {
		fmt.Fprintf(&b, "| [%s](%s/rule.rego) | %s | %s |\n", p.Rule, p.Rule, looksAt(p), p.Title)
	}
	for _, p := range r.Policies {
		fmt.Fprintf(&b, "\n### %s\n\n%s\n", p.Rule, strings.TrimSpace(p.Description))
		if list := Incidents(p.Description); len(list) > 0 {
			fmt.Fprintf(&b, "\nAnswers %s.\n", strings.Join(list, ", "))
		}
		if len(p.Parameters) > 0 {
			b.WriteString("\nParameters and their defaults:\n\n")
			for _, key := range sortedKeys(p.Parameters) {
				// Values of JSON's own types: it cannot fail.
				raw, _ := json.Marshal(p.Parameters[key])
				fmt.Fprintf(&b, "- `%s`: `%s`\n", key, raw)
			}
		}
		b.WriteString("\n| example | answer |\n|---|---|\n")
		for _, e := range slices.Concat(p.Pass, p.Fail) {
			fmt.Fprintf(&b, "| [%s](%s) | %s |\n", e.Case, e.File, answer(e.Expect))
		}
	}
	return b.String()
}

// reference is an advisory, or an issue of somebody's repository: owner/name #1.
var reference = regexp.MustCompile(`CVE-\d{4}-\d+|[\w.-]+/[\w.-]+ #\d+`)

// Incidents are links to what a rule's description says that it was learnt from: advisories,
// and issues of those who met it first.
func Incidents(description string) []string {
	list := reference.FindAllString(strings.Join(strings.Fields(description), " "), -1)
	slices.Sort(list)
	list = slices.Compact(list)
	for i, id := range list {
		link := "https://www.cve.org/CVERecord?id=" + id
		if repository, number, is := strings.Cut(id, " #"); is {
			link = "https://github.com/" + repository + "/issues/" + number
		}
		list[i] = fmt.Sprintf("[%s](%s)", id, link)
	}
	return list
}

func looksAt(p PolicyReport) string {
	all := func(list []string) bool { return slices.Contains(list, "*") }
	m := p.Match
	if all(m.Groups) && all(m.Kinds) && all(m.Operations) {
		return "everything"
	}
	kinds, operations := strings.Join(m.Kinds, ", "), strings.Join(m.Operations, ", ")
	if all(m.Kinds) {
		kinds = "every kind"
	}
	if all(m.Operations) {
		operations = "every operation"
	}
	return kinds + ": " + operations
}

func answer(e Expectation) string {
	if e.empty() {
		return "passes"
	}
	var parts []string
	for _, text := range e.Deny {
		parts = append(parts, "denied: "+cell(text))
	}
	for _, text := range e.Warn {
		parts = append(parts, "warned: "+cell(text))
	}
	for _, dimension := range sortedKeys(e.Demand) {
		parts = append(parts, "takes "+e.Demand[dimension]+" of "+dimension)
	}
	for _, at := range sortedKeys(e.Mutate) {
		parts = append(parts, "sets "+at)
	}
	return strings.Join(parts, "; ")
}

func cell(text string) string {
	return "`" + strings.ReplaceAll(strings.ReplaceAll(text, "|", "\\|"), "\n", " ") + "`"
}

func sortedKeys[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for key := range m {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}
