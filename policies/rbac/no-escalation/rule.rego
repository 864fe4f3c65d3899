# METADATA
# title: Roles give nothing that guards the tenant, and bind only accounts of their namespace
# description: |
#   Refuses wildcards, the verbs escalate and bind, impersonation in every form
#   (constrained impersonation of Kubernetes 1.36 too: impersonate:* and
#   impersonate-on:*), tokens of other accounts and changes of what guards the namespace.
#   A RoleBinding names Roles and ServiceAccounts of its own namespace, never people,
#   groups or the GitOps tool's account. Bindings that reached outside are how Rancher's
#   CVE-2019-14436 gave a project's editor the cluster, CVE-2021-36775 let bindings
#   outlive the right to them, and argo-cd's CVE-2022-24768 ended as admin.
# custom:
#   match:
#     groups: [rbac.authorization.k8s.io]
#     kinds: [Role, RoleBinding]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Resources that a Role may let read and no more.
#     guarded: [resourcequotas, limitranges, namespaces, usages]
#     # ClusterRoles that a RoleBinding may name.
#     clusterRoles: []
#     # ServiceAccounts that no binding names.
#     reserved: [deployer]
package rbac["no-escalation"]

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	not write.by_system
	not kept
	some msg in text.shown(wrong)
}

# kept holds for an update that grants nothing anew.
kept if {
	write.kind == "Role"
	write.object.rules == write.old.rules
}

kept if {
	write.kind == "RoleBinding"
	write.object.subjects == write.old.subjects
	write.object.roleRef == write.old.roleRef
}

wrong contains "there is no object to judge; nothing is allowed unseen; send the whole object" if write.object == {}

wrong contains malformed("kind", "Role or RoleBinding") if not known

known if write.kind in {"Role", "RoleBinding"}

malformed(where, want) := text.message(
	sprintf("%s is not of a shape that can be judged", [where]),
	sprintf("it is %s", [want]),
	"correct the manifest",
)

# Roles.

role := write.object if write.kind == "Role"

rules := value.items(value.at(role, ["rules"]))

wrong contains malformed("rules", "a list") if {
	list := value.at(role, ["rules"])
	not value.is_list(list)
}

wrong contains malformed(sprintf("rules[%d]", [i]), "an object") if {
	some i, rule in rules
	not is_object(rule)
}

# names are [where, field, name] of everything that a rule lists.
fields := ["verbs", "resources", "apiGroups", "nonResourceURLs"]

names := [[sprintf("rules[%d].%s", [i, field]), field, name, rule] |
	some i, rule in rules
	some field in fields
	some name in value.items(value.at(rule, field))
]

wrong contains malformed(sprintf("rules[%d].%s", [i, field]), "a list of names") if {
	some i, rule in rules
	some field in fields
	not value.is_list(value.at(rule, field))
}

wrong contains malformed(where, "a list of names") if {
	some [where, _, name, _] in names
	not is_string(name)
}

words := [entry | some entry in names; is_string(entry[2])]

wrong contains text.message(
	sprintf("%s holds %s", [where, text.quote(name)]),
	"every verb, group and resource by its own name",
	"list what the account needs",
) if {
	some [where, _, name, _] in words
	contains(name, "*")
}

wrong contains text.message(
	sprintf("%s holds %s", [where, text.quote(name)]),
	"a tenant's Roles hand out no roles and speak for nobody else",
	"leave it out",
) if {
	some [where, "verbs", name, _] in words
	power(name)
}

power(verb) if lower(verb) in {"escalate", "bind"}

power(verb) if startswith(lower(verb), "impersonate")

wrong contains text.message(
	sprintf("%s holds %s", [where, text.quote(name)]),
	"a tenant's Roles speak for nobody else: no users, groups, uids, userextras or tokens of accounts",
	"let the Pod use its own mounted token, and leave the resource out",
) if {
	some [where, "resources", name, _] in words
	somebody(name)
}

somebody(resource) if lower(resource) == "serviceaccounts/token"

somebody(resource) if base(resource) in {"users", "groups", "uids", "userextras"}

wrong contains text.message(
	sprintf("%s lets change %s by %s", [where, text.quote(name), text.list(changing)]),
	"what guards the namespace may be read: get, list and watch",
	"leave the other verbs out, or give the resource a rule of its own",
) if {
	some [where, "resources", name, rule] in words
	base(name) in guarded
	changing := [verb | some verb in value.items(value.at(rule, ["verbs"])); not verb in {"get", "list", "watch"}]
	count(changing) > 0
}

# base is a resource without its subresource.
base(resource) := split(lower(resource), "/")[0]

default guarded := ["resourcequotas", "limitranges", "namespaces", "usages"]

guarded := input.parameters.guarded

wrong contains text.message(
	sprintf("%s holds %s", [where, text.quote(name)]),
	"paths of the API server belong to no namespace",
	"leave nonResourceURLs out",
) if {
	some [where, "nonResourceURLs", name, _] in words
}

# RoleBindings.

binding := write.object if write.kind == "RoleBinding"

subjects := value.items(value.at(binding, ["subjects"]))

wrong contains malformed("subjects", "a list") if {
	list := value.at(binding, ["subjects"])
	not value.is_list(list)
}

wrong contains text.message(
	sprintf("subjects[%d] is %s", [i, subject_words(subject)]),
	sprintf("ServiceAccounts of namespace %s but %s", [text.quote(write.namespace), text.list(reserved)]),
	"people and groups get their rights from the platform: ask an admin of the organization",
) if {
	some i, subject in subjects
	not at_home(subject)
}

at_home(subject) if {
	value.at(subject, ["kind"]) == "ServiceAccount"
	value.at(subject, ["apiGroup"]) in {"", null}
	write.namespace != ""
	value.at(subject, ["namespace"]) == write.namespace
	name := value.at(subject, ["name"])
	is_string(name)
	not name in reserved
}

subject_words(subject) := sprintf("%s %s of namespace %s", [
	text.quote(value.at(subject, ["kind"])),
	text.quote(value.at(subject, ["name"])),
	text.quote(value.at(subject, ["namespace"])),
])

default reserved := ["deployer"]

reserved := input.parameters.reserved

wrong contains text.message(
	sprintf("roleRef is %s %s of group %s", [
		text.quote(value.at(binding, ["roleRef", "kind"])),
		text.quote(value.at(binding, ["roleRef", "name"])),
		text.quote(value.at(binding, ["roleRef", "apiGroup"])),
	]),
	sprintf("a Role of this namespace, or one of the ClusterRoles %s", [text.list(cluster_roles)]),
	"write a Role with what the account needs and bind that",
) if {
	binding
	not bindable
}

bindable if {
	value.at(binding, ["roleRef", "apiGroup"]) in {"rbac.authorization.k8s.io", "", null}
	value.at(binding, ["roleRef", "kind"]) == "Role"
	is_string(value.at(binding, ["roleRef", "name"]))
}

bindable if {
	value.at(binding, ["roleRef", "apiGroup"]) in {"rbac.authorization.k8s.io", "", null}
	value.at(binding, ["roleRef", "kind"]) == "ClusterRole"
	value.at(binding, ["roleRef", "name"]) in cluster_roles
}

default cluster_roles := []

cluster_roles := input.parameters.clusterRoles
