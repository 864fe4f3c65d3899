# METADATA
# title: Images come from repositories of the tier
# description: |
#   Every container's image, and every image mounted as a volume, must be of a repository
#   that the tenant's tier lists (imageRepositories; a name that ends in /* stands for all
#   below it). References are spelled out as a runtime does and compared by whole
#   segments: Gatekeeper's allowedrepos let registry.k8s.io.evil.com pass for a prefix
#   without a slash at its end, and its disallowedtags took host:443/image for a tag. A
#   tier without a list allows none.
#   Lists of containers were forgotten there too
#   (open-policy-agent/gatekeeper-library #188).
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
#     # Repositories beside the tier's, for every tenant.
#     repositories: []
package pods.images

import data.lib.images
import data.lib.pods
import data.lib.text
import data.lib.value

deny contains msg if {
	pods.judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in pods.unreadable

wrong contains text.message(
	sprintf("%s.image is %s", [pods.place(where, list, container), words(reference)]),
	allowed,
	next,
) if {
	some [where, list, container] in pods.containers
	reference := value.at(container, ["image"])
	not usable(reference)
}

wrong contains text.message(
	sprintf("%s.image.reference is %s", [pods.volume_place(where, volume), words(reference)]),
	allowed,
	next,
) if {
	some [where, volume] in pods.volumes
	source := value.at(volume, ["image"])
	source != null
	reference := value.at(source, ["reference"])
	not usable(reference)
}

usable(reference) if {
	repository := images.repository(reference)
	some entry in repositories
	images.below(repository, entry)
}

repositories contains entry if some entry in input.tier.imageRepositories

repositories contains entry if some entry in input.parameters.repositories

# words shows what a short name stands for too.
words(reference) := text.quote(reference) if images.repository(reference) == ""

else := text.quote(reference) if startswith(reference, images.repository(reference))

else := sprintf("%s, that is %s", [text.quote(reference), text.quote(images.repository(reference))])

default tier := "none"

tier := input.tier.name

allowed := sprintf("repositories of tier %s: %s", [text.quote(tier), text.list(repositories)])

next := "use an image from there, by its whole name, or ask the platform's administrators to list its repository"
