package rivals

import "strings"

// good is what a container says that all rules allow.
const good = `"allowPrivilegeEscalation":false,"readOnlyRootFilesystem":true,"runAsUser":1000,"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}`

// pod is a spec in JSON: of one container with this security context and other fields, and with fields of
// its own.
func pod(fields, context, more string) string {
	return podOf("quay.io/a/b:1", fields, context, more)
}

func podOf(image, fields, context, more string) string {
	if fields != "" {
		fields = "," + fields
	}
	if more != "" {
		more = "," + more
	}
	return `{"containers":[{"name":"c","image":"` + image + `","securityContext":{` + context + `}` + more + `}]` + fields + `}`
}

// with is a good Pod of which the container says one thing otherwise.
func with(field string) string { return pod("", instead(field), "") }

// instead is what a good container says, but for one field.
func instead(field string) string {
	key, _, _ := strings.Cut(field, ":")
	context := field
	for _, said := range []string{
		`"allowPrivilegeEscalation":false`, `"readOnlyRootFilesystem":true`, `"runAsUser":1000`, `"capabilities":{"drop":["ALL"]}`, `"seccompProfile":{"type":"RuntimeDefault"}`,
	} {
		if !strings.HasPrefix(said, key+":") {
			context += "," + said
		}
	}
	return context
}

func beside(field string) string { return pod(field, good, "") }
