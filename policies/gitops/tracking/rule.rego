# METADATA
# title: Argo CD's marks stay in their namespace
# description: |
#   Argo CD takes an object for an Application's by its tracking id (argo-cd issues 6837
#   "resource theft", 8683 and 11402: two Applications claim one object, and a sync or a
#   prune of one deletes the other's). Denies tracking ids that name another namespace,
#   labels that make a Secret a cluster or repository of Argo CD's (CVE-2023-23947), and
#   Applications and AppProjects in tenants' namespaces, which act with Argo CD's rights
#   (CVE-2023-22736, CVE-2024-31990) unless the platform has set up projects for them.
# custom:
#   match:
#     groups: ["*"]
#     kinds: ["*"]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Kinds of argoproj.io that may stand in a tenant's namespace: Application, once a
#     # project of the platform bounds it.
#     applications: []
package gitops.tracking

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	not write.by_system
	some msg in text.shown(wrong)
}

wrong contains "there is no object to judge; nothing is allowed unseen; send the whole object" if write.object == {}

wrong contains text.message(
	sprintf("%s of argoproj.io in a tenant's namespace", [text.quote(write.kind)]),
	sprintf("kinds that the platform set up: %s", [text.list(applications)]),
	"ask the platform's administrators for an Application of your namespace",
) if {
	kind := write.kind
	kind in {"Application", "AppProject", "ApplicationSet"}
	input.request.kind.group == "argoproj.io"
	not kind in applications
}

default applications := []

applications := input.parameters.applications

metadata := value.fields(value.at(write.object, ["metadata"]))

wrong contains sprintf("metadata.%s is not of a shape that can be judged; it is an object; correct the manifest", [field]) if {
	some field in ["labels", "annotations"]
	found := value.at(metadata, field)
	not value.is_map(found)
}

# An id is <application>:<group>/<kind>:<namespace>/<name>.
wrong contains text.message(
	sprintf("annotation argocd.argoproj.io/tracking-id is %s", [text.quote(id)]),
	sprintf("ids of objects of namespace %s", [text.quote(write.namespace)]),
	"leave it out: Argo CD writes it",
) if {
	id := value.at(metadata, ["annotations", "argocd.argoproj.io/tracking-id"])
	id != null
	id != value.at(write.old, ["metadata", "annotations", "argocd.argoproj.io/tracking-id"])
	not local(id)
}

local(id) if {
	is_string(id)
	parts := split(id, ":")
	count(parts) == 3
	place := split(parts[2], "/")
	count(place) == 2
	place[0] == write.namespace
}

wrong contains text.message(
	sprintf("label %s is %s", [text.quote(name), text.quote(found)]),
	"Argo CD's own clusters and repositories stand in its own namespace",
	"leave it out",
) if {
	labels := value.at(metadata, "labels")
	some name in ["argocd.argoproj.io/secret-type", "argocd.argoproj.io/managed-by"]
	found := value.at(labels, name)
	found != null
	found != value.at(write.old, ["metadata", "labels", name])
}
