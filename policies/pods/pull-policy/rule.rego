# METADATA
# title: Nobody runs what somebody else pulled
# description: |
#   Without asking its registry, a node starts any image that it has, one among them that
#   another tenant pulled with a password (kubernetes/enhancements #2535); and what it
#   has under a tag need not be what the registry serves now. Never is denied. IfNotPresent
#   is denied too, but for an image by its digest and for repositories that anybody may
#   pull from (public): Always asks the registry at every start, and downloads only what is
#   not there. Kubernetes' multi-tenancy benchmarks ask for Always. Where nothing is said,
#   what the API server fills in is judged: Always for the tag latest or none, else
#   IfNotPresent. Image volumes are judged alike.
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
#     # Repositories that need no password, so that nothing of them is anybody's own.
#     public: [registry.k8s.io/*, quay.io/gkrumbach07/*]
package pods["pull-policy"]

import data.lib.images
import data.lib.pods
import data.lib.text
import data.lib.value

deny contains msg if {
	pods.judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in pods.unreadable

wrong contains cached(sprintf("%s.imagePullPolicy", [pods.place(where, list, container)]), "imagePullPolicy", reference, policy) if {
	some [where, list, container] in pods.containers
	reference := value.at(container, "image")
	policy := value.at(container, "imagePullPolicy")
	not asked(reference, policy)
}

wrong contains cached(sprintf("%s.image.pullPolicy", [pods.volume_place(where, volume)]), "pullPolicy", reference, policy) if {
	some [where, volume] in pods.volumes
	source := value.at(volume, "image")
	source != null
	reference := value.at(source, "reference")
	policy := value.at(source, "pullPolicy")
	not asked(reference, policy)
}

cached(where, field, reference, policy) := text.message(
	sprintf("%s is %s for image %s", [where, shown(policy), text.quote(reference)]),
	sprintf("Always, or IfNotPresent for an image by its digest or of a public repository: %s", [text.list(public)]),
	sprintf("set %s: Always; nothing is downloaded that the node has", [field]),
)

asked(_, "Always")

asked(reference, policy) if {
	unsaid(policy)
	images.latest(reference)
}

asked(reference, policy) if {
	kept(policy)
	images.pinned(reference)
}

asked(reference, policy) if {
	kept(policy)
	some entry in public
	images.below(images.repository(reference), entry)
}

unsaid(policy) if policy in {null, ""}

kept(policy) if unsaid(policy)

kept("IfNotPresent")

default public := []

public := input.parameters.public

shown(policy) := "not set, which stands for IfNotPresent," if unsaid(policy)

else := text.quote(policy)
