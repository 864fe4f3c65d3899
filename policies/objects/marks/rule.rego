# METADATA
# title: What others select on is not a tenant's to set
# description: |
#   Capsule's CVE-2025-55205 was a label that tenants could put where policies selected on
#   it, and every selector of the platform's is only as good as who may set its labels.
#   Denies a tenant's side labels of the platform (gatehouse.dev/), on any object and in
#   the template of any workload, by whichever subresource; and annotations that other
#   tools take for orders past every rule about hosts and networks: external-dns publishes
#   a name for whatever carries one, Multus puts a Pod on a network that no NetworkPolicy
#   of its namespace sees.
# custom:
#   match:
#     groups: ["*"]
#     kinds: ["*"]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Beginnings of keys.
#     labels: [gatehouse.dev/]
#     annotations:
#       - external-dns.alpha.kubernetes.io/hostname
#       - external-dns.alpha.kubernetes.io/internal-hostname
#       - external-dns.alpha.kubernetes.io/target
#       - k8s.v1.cni.cncf.io/networks
#       - v1.multus-cni.io/default-network
package objects.marks

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	not write.by_platform
	some msg in text.shown(wrong)
}

wrong contains "there is no object to judge; nothing is allowed unseen; send the whole object" if write.object == {}

# parts are [where, metadata, those that were stored in their place]: of the object, and of
# the Pods that it makes.
parts := array.concat(
	[["metadata", value.at(write.object, ["metadata"]), [value.at(write.old, ["metadata"])]]],
	[[sprintf("%s.metadata", [path]), value.at(pod, ["metadata"]), stored(path)] |
		some pod in input.expansion.pods
		path := value.at(pod, ["path"])
		path != ""
	],
)

stored(path) := [value.at(pod, ["metadata"]) |
	input.request.operation == "UPDATE"
	some pod in input.expansion.oldPods
	value.at(pod, ["path"]) == path
]

wrong contains sprintf("%s.%s is not of a shape that can be judged; it is an object; correct the manifest", [where, field]) if {
	some [where, metadata, _] in parts
	some field in ["labels", "annotations"]
	not value.is_map(value.at(metadata, field))
}

wrong contains text.message(
	sprintf("%s.%s holds %s: %s", [where, field, text.quote(name), text.quote(found)]),
	sprintf("nothing that begins with %s", [text.quote(beginning)]),
	"leave it out",
) if {
	some [where, metadata, before] in parts
	some field, beginnings in reserved
	some name, found in value.fields(value.at(metadata, field))
	lowered := lower(name)
	some beginning in beginnings
	startswith(lowered, beginning)
	not found in [value.at(one, [field, name]) | some one in before]
}

reserved["labels"] := input.parameters.labels

reserved["annotations"] := input.parameters.annotations
