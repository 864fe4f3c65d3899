package admission

import (
	"strings"

	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// conditionName is the name of each webhook's one matchCondition.
const conditionName = "asks-gatehouse"

// MatchConditions are an entry's conditions and exemptions in one expression, each part
// under its name. The API server evaluates every matchCondition of a webhook for every
// write that the rules select, and each costs it more than what is in it: in one, what
// decides for nearly everybody is found by three questions.
func MatchConditions(i installation.Installation, entry Entry) []admissionregistrationv1.MatchCondition {
	var all, system []string
	for _, c := range entry.conditions {
		all = append(all, titled(c))
	}
	for _, e := range exemptionsOf(i, entry) {
		if e.everybody {
			all = append(all, titled(e.Condition()))
		} else {
			system = append(system, titled(e.Condition()))
		}
	}
	if len(system) > 0 {
		all = append(all, anyOf(not("// not-of-the-system: nothing below exempts anybody else\n"+isSystem), allOf(system...)))
	}
	return []admissionregistrationv1.MatchCondition{{Name: conditionName, Expression: allOf(all...)}}
}

// titled is a condition with its name over it.
func titled(c Condition) string {
	if inner, is := strings.CutPrefix(c.Expression, "!(\n"); is && isNot(c.Expression) {
		return "!(\n  // " + c.Name + "\n" + inner
	}
	return "// " + c.Name + "\n" + c.Expression
}
