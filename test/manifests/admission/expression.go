package admission

import (
	"fmt"
	"strings"

	"gatehouse.dev/gatehouse/test/manifests/installation"
)

// Expressions are CEL. A field that is absent is an error and an error denies, so every
// field that the API server may leave out is asked for with has() first.

// by is true for exactly one username.
func by(name string) string {
	return fmt.Sprintf("has(request.userInfo.username) && request.userInfo.username == '%s'", name)
}

// byOneOf is true for one of several usernames, one a line.
func byOneOf(names []string) string {
	return "has(request.userInfo.username) && request.userInfo.username in [\n  '" +
		strings.Join(names, "',\n  '") + "'\n]"
}

// isSystem is true for accounts of Kubernetes and service accounts.
const isSystem = "has(request.userInfo.username) && request.userInfo.username.startsWith('system:')"

// isResource is true for one resource, its subresources included.
func isResource(group, name string) string {
	return fmt.Sprintf("request.resource.group == '%s' && request.resource.resource == '%s'", group, name)
}

// subresource is true for one subresource; the empty one is the object itself.
func subresource(name string) string {
	if name == "" {
		return "(!has(request.subResource) || request.subResource == '')"
	}
	return fmt.Sprintf("has(request.subResource) && request.subResource == '%s'", name)
}

// Guest is true for a caller from the tenants' side, wherever the write goes: a person
// that an issuer vouched for, or a service account of a tenant's namespace, who is no
// platform admin.
func Guest(i installation.Installation) string {
	return allOf(
		anyOf(
			"has(request.userInfo.username) && "+i.AliasPrefixes+".exists(alias, request.userInfo.username.startsWith(alias))",
			"has(request.userInfo.username) && request.userInfo.username.startsWith('system:serviceaccount:"+i.NamespacePrefix+"')",
			"has(request.userInfo.groups) && 'gatehouse:users' in request.userInfo.groups",
		),
		not("has(request.userInfo.groups) && request.userInfo.groups.exists(group, group in "+i.AdminGroups+")"),
	)
}

// allOf, anyOf and not lay expressions out one a line.
func allOf(parts ...string) string { return join(" &&", parts) }

func anyOf(parts ...string) string { return join(" ||", parts) }

func not(part string) string { return "!(\n" + indent(part) + "\n)" }

// isNot reports whether a part is a not, and nothing is joined to it.
func isNot(part string) bool {
	return strings.HasPrefix(part, "!(\n") && strings.Index(part, "\n)") == len(part)-len("\n)")
}

func join(operator string, parts []string) string {
	if len(parts) == 1 {
		return parts[0]
	}
	wrapped := make([]string, len(parts))
	for n, part := range parts {
		switch {
		case isNot(part) || !strings.ContainsAny(part, "\n&|"):
			wrapped[n] = part
		case strings.Contains(part, "\n"):
			wrapped[n] = "(\n" + indent(part) + "\n)"
		default:
			wrapped[n] = "(" + part + ")"
		}
	}
	return strings.Join(wrapped, operator+"\n")
}

func indent(text string) string {
	return "  " + strings.ReplaceAll(text, "\n", "\n  ")
}
