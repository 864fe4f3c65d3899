# METADATA
# title: What guards a tenant is not the tenant's to change
# description: |
#   Denies a tenant's side every write to the quota, the limit range and the usage of its
#   namespace, and to whatever the provisioner keeps there (the label
#   app.kubernetes.io/managed-by is gatehouse, before or after the write): network
#   policies, bindings, accounts. RBAC gives none of these rights to quota and usage; this
#   rule holds where RBAC is wider than it should be, as in Capsule's CVE-2024-39690 and
#   CVE-2022-46167, where an owner reached what bound her. Of the account default people
#   may change what it pulls images with, and not that it mounts no token.
# custom:
#   match:
#     groups: ["", networking.k8s.io, rbac.authorization.k8s.io, gatehouse.dev]
#     kinds: [ResourceQuota, LimitRange, Usage, NetworkPolicy, Role, RoleBinding, ServiceAccount]
#     operations: [CREATE, UPDATE, DELETE]
package isolation.guards

import data.lib.text
import data.lib.value
import data.lib.write

deny contains text.message(
	sprintf("%s %s guards this namespace", [write.kind, text.quote(write.name)]),
	"it is the platform's to change, and the provisioner puts it back",
	"make one of your own, or ask a platform administrator",
) if {
	not write.by_system
	guard
	not pull_secrets_only
}

default guard := false

guard if not may_be_hers

guard if not seen

guard if managed(input.request.object)

guard if managed(input.request.oldObject)

managed(object) if value.at(object, ["metadata", "labels", "app.kubernetes.io/managed-by"]) == "gatehouse"

# seen: what is written and what it replaces are there to be looked at.
default seen := false

seen if {
	input.request.operation == "CREATE"
	is_object(input.request.object)
}

seen if {
	input.request.operation == "UPDATE"
	is_object(input.request.object)
	is_object(input.request.oldObject)
}

seen if {
	input.request.operation == "DELETE"
	is_object(input.request.oldObject)
}

# may_be_hers: a tenant has these kinds beside ours, and none of the others.
default may_be_hers := false

may_be_hers if write.kind in {"NetworkPolicy", "Role", "RoleBinding", "ServiceAccount"}

# pull_secrets_only: the account default, as it was but for imagePullSecrets, annotations
# and what the server fills in.
default pull_secrets_only := false

pull_secrets_only if {
	write.kind == "ServiceAccount"
	write.name == "default"
	input.request.operation == "UPDATE"
	write.object.automountServiceAccountToken == false
	labels(write.object) == labels(write.old)
	value.at(write.object, ["metadata", "ownerReferences"]) == value.at(write.old, ["metadata", "ownerReferences"])
	value.at(write.object, ["secrets"]) == value.at(write.old, ["secrets"])
}

labels(object) := value.at(object, ["metadata", "labels"])
