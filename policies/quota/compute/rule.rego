# METADATA
# title: A Pod takes CPU, memory, disk and devices
# description: |
#   Demands what a Pod requests, as the scheduler counts it: cpu in cores, memory in bytes
#   with huge pages, ephemeral-storage in bytes, gpu in devices (every extended resource is
#   one), and one of pods. The Pod's author pays, whichever controller made it. A Pod that
#   ended holds nothing; a resize demands what the Pod is to hold then. Go reserves it and
#   denies in this rule's name.
#   Karmada's quota looked at creates alone and let updates pass it
#   (karmada-io/karmada #6937).
# custom:
#   match:
#     groups: [""]
#     kinds: [Pod]
#     operations: [CREATE, UPDATE]
package quota.compute

import data.lib.requests
import data.lib.text

deny contains text.message(
	"what this Pod requests cannot be worked out",
	"nothing is allowed unseen",
	"correct its resources",
) if {
	not elsewhere
	not requests.readable
}

# A status and other subresources change nothing of what a Pod requests.
elsewhere if {
	part := input.request.subResource
	is_string(part)
	not part in {"", "ephemeralcontainers", "resize"}
}

# What becomes Pods later is not one: those are asked about when they come.
elsewhere if {
	kind := input.request.kind.kind
	is_string(kind)
	kind != "Pod"
}

demand["pods"] := 1 if requests.holds

demand["cpu"] := requests.amount("cpu") if requests.holds

demand["memory"] := requests.memory if requests.holds

demand["ephemeral-storage"] := requests.amount("ephemeral-storage") if requests.holds

demand["gpu"] := requests.devices if {
	requests.holds
	requests.devices > 0
}
