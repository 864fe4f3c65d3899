# METADATA
# title: No claim asks for devices that others use
# description: |
#   adminAccess gives a claim a device that is somebody else's already, to look into it;
#   CVE-2025-4563 was a Pod that reached devices past the check of its claims. Denies
#   adminAccess in ResourceClaims and ResourceClaimTemplates of every version, and a
#   status written by hand, which would hand out a device without the scheduler.
# custom:
#   match:
#     groups: [resource.k8s.io]
#     kinds: [ResourceClaim, ResourceClaimTemplate]
#     operations: [CREATE, UPDATE]
package devices.claims

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in write.unreadable

# A template keeps the claim one level down.
claims := {
	"spec": value.at(write.object, ["spec"]),
	"spec.spec": value.at(write.object, ["spec", "spec"]),
}

requests := [[sprintf("%s.devices.requests[%d]", [where, i]), request] |
	some where, claim in claims
	some i, request in value.items(value.at(claim, ["devices", "requests"]))
]

# v1 keeps an exact request one level down, v1beta1 does not.
asked := array.concat(
	requests,
	array.concat(
		[[sprintf("%s.exactly", [where]), value.at(request, ["exactly"])] | some [where, request] in requests],
		[[sprintf("%s.firstAvailable[%d]", [where, i]), choice] |
			some [where, request] in requests
			some i, choice in value.items(value.at(request, ["firstAvailable"]))
		],
	),
)

wrong contains text.message(
	sprintf("%s.adminAccess is set", [where]),
	"devices that are free",
	"leave it out",
) if {
	some [where, request] in asked
	not value.at(request, ["adminAccess"]) in {null, false}
}

wrong contains malformed(where, "an object") if {
	some [where, request] in asked
	not value.is_map(request)
}

wrong contains malformed(sprintf("%s.firstAvailable", [where]), "a list") if {
	some [where, request] in requests
	list := value.at(request, ["firstAvailable"])
	not value.is_list(list)
}

wrong contains malformed(sprintf("%s.devices", [where]), "an object with a list of requests") if {
	some where, claim in claims
	not readable(claim)
}

readable(claim) if {
	value.is_map(claim)
	value.is_map(value.at(claim, ["devices"]))
	value.is_list(value.at(claim, ["devices", "requests"]))
}

malformed(where, want) := text.message(
	sprintf("%s is not of a shape that can be judged", [where]),
	sprintf("it is %s", [want]),
	"correct the manifest",
)

deny contains text.message(
	"status is written by hand",
	"the scheduler hands out devices",
	"leave the status to the platform",
) if {
	not write.by_system
	not status_kept
}

status_kept if status(write.object) in {null, {}, status(write.old)}

status(object) := value.at(object, ["status"])
