# METADATA
# title: The scheduler places Pods, among the nodes and in the order that are everybody's
# description: |
#   A Pod that names its node passes by the scheduler with every taint and quota of nodes,
#   and a Binding by hand does the same; tolerating every taint reaches control planes and
#   nodes that are kept apart; a priority class evicts the Pods of others; a runtime class
#   chooses how thin the wall to the node is. CVE-2025-4563 was a node's own Pod that
#   passed by what is asked of every other; Capsule's users write such rules by hand.
# custom:
#   match:
#     groups: ["", apps, batch]
#     kinds:
#       - Binding
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
#     # Keys of taints that may be tolerated: what the controllers add, and GPU nodes.
#     tolerations:
#       - node.kubernetes.io/not-ready
#       - node.kubernetes.io/unreachable
#       - node.kubernetes.io/memory-pressure
#       - node.kubernetes.io/disk-pressure
#       - node.kubernetes.io/pid-pressure
#       - node.kubernetes.io/network-unavailable
#       - node.kubernetes.io/unschedulable
#       - nvidia.com/gpu
#     # A cluster's default class must be among them: the API server fills it in.
#     priorityClasses: []
#     runtimeClasses: []
#     schedulers: [default-scheduler]
package pods.placement

import data.lib.pods
import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	not is_binding
	pods.judged
	some msg in text.shown(wrong)
}

is_binding if write.kind == "Binding"

deny contains text.message(
	sprintf("a Binding puts %s on node %s", [text.quote(write.name), text.quote(node)]),
	"the scheduler places Pods",
	"use nodeSelector or affinity in the Pod",
) if {
	is_binding
	not write.by_system
	node := value.at(write.object, ["target", "name"])
}

wrong contains msg if some msg in pods.unreadable

# A stored Pod has the node that the scheduler gave it; an update may not choose another.
wrong contains text.message(
	sprintf("%s.nodeName is %s", [where, text.quote(node)]),
	"the scheduler places Pods",
	"use nodeSelector or affinity",
) if {
	some [where, pod] in pods.specs
	node := value.at(pod, ["nodeName"])
	not node in {null, ""}
	not [where, node] in placed
}

placed contains [where, value.at(pod, ["nodeName"])] if some [where, pod] in pods.old_specs

wrong contains pods.shapeless(sprintf("%s.tolerations", [where]), "a list of objects") if {
	some [where, pod] in pods.specs
	not readable(value.at(pod, ["tolerations"]))
}

readable(list) if {
	value.is_list(list)
	every toleration in value.items(list) {
		is_object(toleration)
	}
}

wrong contains text.message(
	sprintf("%s.tolerations[%d] tolerates %s", [where, i, tolerated(key)]),
	sprintf("taints that may be tolerated: %s", [text.list(tolerations)]),
	"leave it out",
) if {
	some [where, pod] in pods.specs
	some i, toleration in array.slice(value.items(value.at(pod, ["tolerations"])), 0, pods.most)
	key := value.at(toleration, ["key"])
	not key in tolerations
}

tolerated(key) := "every taint" if key in {null, ""}

else := text.quote(key)

default tolerations := []

tolerations := input.parameters.tolerations

wrong contains text.message(
	sprintf("%s.%s is %s", [where, field, text.quote(name)]),
	sprintf("nothing, or one of: %s", [text.list(listed)]),
	"leave it out, or ask the platform's administrators to list it",
) if {
	some [where, pod] in pods.specs
	some field in ["priorityClassName", "runtimeClassName", "schedulerName"]
	name := value.at(pod, field)
	not name in {null, ""}
	listed := listed_for(field)
	not name in listed
}

listed_for("priorityClassName") := priority_classes

listed_for("runtimeClassName") := runtime_classes

listed_for("schedulerName") := schedulers

default priority_classes := []

priority_classes := input.parameters.priorityClasses

default runtime_classes := []

runtime_classes := input.parameters.runtimeClasses

default schedulers := []

schedulers := input.parameters.schedulers
