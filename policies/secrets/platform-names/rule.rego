# METADATA
# title: The platform's names are the platform's
# description: |
#   Whoever holds an object by its name believes whoever may make one of that name first:
#   a tenant's Secret called gatehouse-passport-keys would be a key to the next component
#   that looks for one in the wrong namespace, and Rancher's CVE-2024-22031 was rights that
#   followed a name. Denies a tenant's side Secrets and ConfigMaps of names that begin as
#   the platform's do, and to change or delete those that the platform put there.
# custom:
#   match:
#     groups: [""]
#     kinds: [Secret, ConfigMap]
#     operations: [CREATE, UPDATE, DELETE]
#   parameters:
#     # Beginnings of names.
#     names: [gatehouse-]
package secrets["platform-names"]

import data.lib.text
import data.lib.write

deny contains text.message(
	sprintf("%s %s has a name of the platform's", [write.kind, text.quote(write.name)]),
	sprintf("names that begin otherwise than %s", [text.list(names)]),
	"choose another name",
) if {
	not write.by_platform
	not hers
}

default hers := false

hers if {
	name := lower(write.name)
	name != ""
	beginnings := names
	count(beginnings) > 0
	not strings.any_prefix_match(name, beginnings)
}

default names := []

names := input.parameters.names
