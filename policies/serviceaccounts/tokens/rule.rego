# METADATA
# title: Tokens are short, for oneself, and never the GitOps tool's
# description: |
#   Judges TokenRequests (serviceaccounts/token) and refuses Secrets of type
#   kubernetes.io/service-account-token, whose tokens never end. The account that a tool
#   impersonates gives nobody a token. A token of another audience is a login elsewhere:
#   Argo CD's CVE-2025-55190 and Kyverno's CVE-2026-41323 were tokens in the wrong hands,
#   and OpenFGA's CVE-2026-55689 an audience that nobody checked.
# custom:
#   match:
#     groups: ["", authentication.k8s.io]
#     kinds: [TokenRequest, Secret]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # ServiceAccounts that give no token.
#     reserved: [deployer]
#     # The API server's own audiences come first: it fills them in where a request names none.
#     audiences: [https://kubernetes.default.svc.cluster.local, https://kubernetes.default.svc, gatehouse-gateway]
#     # In seconds.
#     longest: 86400
package serviceaccounts.tokens

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	not write.by_system
	some msg in text.shown(wrong)
}

wrong contains "there is no object to judge; nothing is allowed unseen; send the whole object" if write.object == {}

# Secrets.

wrong contains text.message(
	sprintf("a Secret of type %s holds a token that never ends", [text.quote(type)]),
	"tokens that end",
	"kubectl create token ACCOUNT, or a projected volume, which the kubelet renews",
) if {
	write.kind == "Secret"
	type := value.at(write.object, ["type"])
	not ordinary(type)
}

ordinary(type) if {
	value.is_text(type)
	type != "kubernetes.io/service-account-token"
}

# TokenRequests.

request := write.object if write.kind == "TokenRequest"

wrong contains text.message(
	sprintf("ServiceAccount %s gives no token", [text.quote(write.name)]),
	sprintf("any account of the namespace but %s, which only a tool may use", [text.list(reserved)]),
	"make a ServiceAccount of your own",
) if {
	request
	not own
}

own if {
	name := write.name
	name != ""
	not name in reserved
}

default reserved := ["deployer"]

reserved := input.parameters.reserved

wrong contains text.message(
	"spec is not of a shape that can be judged",
	"it is an object with a list of audiences",
	"correct the manifest",
) if {
	request
	not readable
}

readable if {
	value.is_map(value.at(request, ["spec"]))
	value.is_list(value.at(request, ["spec", "audiences"]))
}

wrong contains text.message(
	sprintf("a token of audience %s", [text.quote(audience)]),
	sprintf("no audience, for the API server itself, or of %s", [text.list(audiences)]),
	"leave audiences out, or ask the platform's administrators to list it",
) if {
	some audience in value.items(value.at(request, ["spec", "audiences"]))
	not audience in audiences
}

default audiences := []

audiences := input.parameters.audiences

wrong contains text.message(
	sprintf("a token of %s seconds", [amount]),
	sprintf("at most %d", [longest]),
	"ask for a shorter one, again when it ends",
) if {
	request
	not short
}

seconds := value.at(request, ["spec", "expirationSeconds"])

short if seconds == null

short if {
	is_number(seconds)
	seconds <= longest
}

default longest := 0

longest := input.parameters.longest

amount := sprintf("%v", [seconds]) if is_number(seconds)

else := text.quote(seconds)
