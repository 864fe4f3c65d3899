# METADATA
# title: A claim takes storage
# description: |
#   Demands the bytes that a PersistentVolumeClaim requests, and one of claims, whoever
#   makes it: a StatefulSet's claims and a Pod's ephemeral volumes are claims of their own.
#   Growing a claim demands what it is to have then. Go reserves it and denies in this
#   rule's name.
#   Capsule divided a tenant's storage among namespaces by rewriting native quotas, and a
#   tenant could have it many times over (projectcapsule/capsule #49).
# custom:
#   match:
#     groups: [""]
#     kinds: [PersistentVolumeClaim]
#     operations: [CREATE, UPDATE]
package quota.storage

import data.lib.text
import data.lib.value
import data.lib.write

size := value.at(write.object, ["spec", "resources", "requests", "storage"])

demand["claims"] := 1

demand["storage"] := size if readable

deny contains text.message(
	sprintf("spec.resources.requests.storage is %s", [text.quote(size)]),
	"a quantity",
	"say how much you need",
) if {
	not readable
}

# A quantity as Kubernetes writes it, not below zero.
readable if {
	is_string(size)
	count(size) <= 64
	regex.match(`^\+?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+|[KMGTPE]i|[numkMGTPE])?$`, size)
}

readable if {
	is_number(size)
	size >= 0
}
