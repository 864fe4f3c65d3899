# METADATA
# title: People name owners within their namespace, and on the object itself
# description: |
#   An owner reference makes the garbage collector, controllers and other tools act for
#   its author: Capsule's CVE-2022-46167 and CVE-2024-39690 were namespaces taken over by
#   owner references that somebody changed or forged. The gate proves that an owner whom
#   people name stands in the namespace, where it may read the kind. This rule denies
#   owners of cluster-scoped kinds, readable or not, and every new owner that comes by a
#   subresource: most */status accept them too, which Capsule's CVE-2026-30963 used.
# custom:
#   match:
#     groups: ["*"]
#     kinds: ["*"]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Kinds that belong to no namespace.
#     clusterScoped:
#       - APIService
#       - CSIDriver
#       - CSINode
#       - CertificateSigningRequest
#       - ClusterRole
#       - ClusterRoleBinding
#       - CustomResourceDefinition
#       - DeviceClass
#       - FlowSchema
#       - IPAddress
#       - IngressClass
#       - Model
#       - MutatingAdmissionPolicy
#       - MutatingWebhookConfiguration
#       - Namespace
#       - Node
#       - Organization
#       - OrganizationSettings
#       - PersistentVolume
#       - Policy
#       - PriorityClass
#       - PriorityLevelConfiguration
#       - QuotaLedger
#       - ResourceSlice
#       - RuntimeClass
#       - ServiceCIDR
#       - StorageClass
#       - Tenant
#       - Tier
#       - ValidatingAdmissionPolicy
#       - ValidatingWebhookConfiguration
#       - VolumeAttachment
package objects["owner-references"]

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	not others_prove
	some msg in text.shown(wrong)
}

# The gate matches what controllers and the platform write with the live owner.
others_prove if {
	input.caller.class in {"controller", "platform"}
	input.caller.role != ""
}

references := value.at(write.object, ["metadata", "ownerReferences"])

wrong contains "there is no object to judge; nothing is allowed unseen; send the whole object" if write.object == {}

wrong contains "metadata.ownerReferences is not of a shape that can be judged; it is a list of objects; correct the manifest" if {
	not readable
}

readable if {
	list := references
	value.is_list(list)
	every reference in value.items(list) {
		is_object(reference)
	}
}

new contains [i, reference] if {
	kept := value.items(value.at(write.old, ["metadata", "ownerReferences"]))
	some i, reference in value.items(references)
	not reference in kept
}

wrong contains text.message(
	sprintf("metadata.ownerReferences[%d] names %s %s by subresource %s", [
		i,
		text.quote(value.at(reference, ["kind"])),
		text.quote(value.at(reference, ["name"])),
		text.quote(input.request.subResource),
	]),
	"owners are named on the object itself",
	"leave them as they are",
) if {
	not write.main
	some [i, reference] in new
}

wrong contains text.message(
	sprintf("metadata.ownerReferences[%d] names %s %s", [
		i,
		text.quote(value.at(reference, ["kind"])),
		text.quote(value.at(reference, ["name"])),
	]),
	"owners within the namespace",
	"leave it out",
) if {
	some [i, reference] in new
	kind := value.at(reference, ["kind"])
	not within(kind)
}

within(kind) if {
	is_string(kind)
	kind != ""
	count(above) > 0
	not lower(kind) in above
}

above contains lower(kind) if some kind in input.parameters.clusterScoped
