# METADATA
# title: No Pod borrows the account of the GitOps tool, or a token for somebody else
# description: |
#   A Pod runs with every right of its ServiceAccount, so who may create Pods may use
#   every account of the namespace: Rancher's CVE-2018-20321 was a privileged account
#   that tenants' Pods could name. Denies the accounts that a tool impersonates, in Pods
#   and in the templates of every workload, and projected tokens that live long or name
#   an audience that the platform does not list: such a token is a login elsewhere.
# custom:
#   match:
#     groups: ["", apps, batch]
#     kinds:
#       - CronJob
#       - DaemonSet
#       - Deployment
#       - Job
#       - Pod
#       - PodTemplate
#       - ReplicaSet
#       - ReplicationController
#       - StatefulSet
#     operations: [CREATE, UPDATE]
#   parameters:
#     # ServiceAccounts that no Pod runs as.
#     reserved: [deployer]
#     # Audiences beside the API server's own, which is the one of a token that names none.
#     audiences: [gatehouse-gateway]
#     # In seconds.
#     longest: 86400
package pods["service-account"]

import data.lib.pods
import data.lib.text
import data.lib.value

deny contains msg if {
	pods.judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in pods.unreadable

# The second field is the first one's old name; the API server reads either.
wrong contains text.message(
	sprintf("%s.%s is %s", [where, field, text.quote(account)]),
	sprintf("any account of the namespace but %s, which only a tool may use", [text.list(reserved)]),
	"make a ServiceAccount for this workload, with a Role of what it needs",
) if {
	some [where, pod] in pods.specs
	some field in ["serviceAccountName", "serviceAccount"]
	account := value.at(pod, field)
	not ordinary(account)
}

ordinary(account) if account in {null, ""}

ordinary(account) if {
	is_string(account)
	not account in reserved
}

default reserved := ["deployer"]

reserved := input.parameters.reserved

# Tokens.

wrong contains pods.shapeless(sprintf("%s.projected", [pods.volume_place(where, volume)]), "an object with a list of sources") if {
	some [where, volume] in pods.volumes
	not readable(value.at(volume, ["projected"]))
}

readable(projected) if projected == null

readable(projected) if {
	is_object(projected)
	value.is_list(value.at(projected, ["sources"]))
}

wrong contains pods.shapeless(sprintf("a source of %s.projected", [pods.volume_place(where, volume)]), "an object") if {
	some [where, volume, source] in sources
	not readable_source(source)
}

readable_source(source) if {
	is_object(source)
	value.is_map(value.at(source, ["serviceAccountToken"]))
}

sources := [[where, volume, source] |
	some [where, volume] in pods.volumes
	some source in value.items(value.at(volume, ["projected", "sources"]))
]

wrong contains text.message(
	sprintf("%s asks for a token of audience %s", [pods.volume_place(where, volume), text.quote(audience)]),
	sprintf("no audience, for the API server itself, or one of %s", [text.list(audiences)]),
	"leave audience out, or ask the platform's administrators to list it",
) if {
	some [where, volume, source] in sources
	audience := value.at(source, ["serviceAccountToken", "audience"])
	not audience in {null, ""}
	not audience in audiences
}

default audiences := []

audiences := input.parameters.audiences

wrong contains text.message(
	sprintf("%s asks for a token of %s seconds", [pods.volume_place(where, volume), amount(seconds)]),
	sprintf("at most %d", [longest]),
	"leave expirationSeconds out: the kubelet renews the token by itself",
) if {
	some [where, volume, source] in sources
	seconds := value.at(source, ["serviceAccountToken", "expirationSeconds"])
	seconds != null
	not short(seconds)
}

short(seconds) if {
	is_number(seconds)
	seconds <= longest
}

default longest := 0

longest := input.parameters.longest

amount(seconds) := sprintf("%v", [seconds]) if is_number(seconds)

else := text.quote(seconds)
