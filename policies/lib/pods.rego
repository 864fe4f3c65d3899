# METADATA
# title: Pods and what will become one
# description: |
#   Looks alike at a Pod and at the template inside any workload, and names what cannot
#   be looked at.
package lib.pods

import data.lib.text
import data.lib.value
import data.lib.write

lists := ["containers", "initContainers", "ephemeralContainers"]

# read are all the lists of a Pod that are looked through.
read := ["containers", "initContainers", "ephemeralContainers", "volumes", "tolerations"]

# judged holds where a write makes or changes what pods are made of: not for a status,
# nor where an update leaves all of it as it was stored.
default judged := true

judged := false if write.by_system

judged := false if kept

judged := false if elsewhere

kept if {
	input.request.operation == "UPDATE"
	has_pods
	[spec(pod) | some pod in input.expansion.pods] == [spec(pod) | some pod in input.expansion.oldPods]
}

# Status and other subresources cannot change what containers run with.
elsewhere if {
	part := input.request.subResource
	is_string(part)
	not part in {"", "ephemeralcontainers", "resize"}
}

# specs are [where, spec] for every pod.
specs := [[spec_at(value.at(pod, ["path"])), spec(pod)] | some pod in input.expansion.pods]

old_specs := [[spec_at(value.at(pod, ["path"])), spec(pod)] |
	input.request.operation == "UPDATE"
	some pod in input.expansion.oldPods
]

spec(pod) := value.at(pod, ["spec"])

# spec_at is where a pod's spec is: the path of a Pod itself is empty.
spec_at(path) := sprintf("%s.spec", [path]) if {
	is_string(path)
	path != ""
}

else := "spec"

# containers are [where, list, container], of all lists.
containers := [[where, list, container] |
	some [where, pod] in specs
	some list in lists
	some container in array.slice(value.items(value.at(pod, list)), 0, most)
]

# most is how many entries of a list are looked at; a Pod of more is denied unseen, so
# that none can use up the time of an evaluation.
most := 256

unreadable contains text.message(
	sprintf("%s.%s has %d entries", [where, list, count(value.items(value.at(pod, list)))]),
	sprintf("at most %d", [most]),
	"use more Pods",
) if {
	some [where, pod] in specs
	some list in read
	count(value.items(value.at(pod, list))) > most
}

# volumes are [where, volume].
volumes := [[where, volume] |
	some [where, pod] in specs
	some volume in array.slice(value.items(value.at(pod, ["volumes"])), 0, most)
]

# named is the place of what a security context belongs to, a pod of specs or a container of
# containers. Words are made for what is denied only.
named(owner) := owner[0] if count(owner) == 2

else := place(owner[0], owner[1], owner[2])

# place names a container or one of its fields' owners in words.
place(where, list, container) := sprintf("%s.%s[%s]", [where, list, text.quote(value.at(container, ["name"]))])

volume_place(where, volume) := sprintf("%s.volumes[%s]", [where, text.quote(value.at(volume, ["name"]))])

# unreadable are messages for whatever cannot be looked at, which is never allowed.
unreadable contains text.message(
	sprintf("the pods of this %s were not worked out, so they cannot be judged", [text.quote(write.kind)]),
	"nothing is allowed unseen",
	"report this to the platform's administrators",
) if {
	not has_pods
}

unreadable contains shapeless(where, "an object") if {
	some [where, pod] in specs
	not is_object(pod)
}

unreadable contains shapeless(sprintf("%s.%s", [where, field]), "a list") if {
	some [where, pod] in specs
	some field in ["containers", "initContainers", "ephemeralContainers", "volumes"]
	not value.is_list(value.at(pod, field))
}

unreadable contains shapeless(sprintf("an entry of %s.%s", [where, list]), "an object") if {
	some [where, list, container] in containers
	not is_object(container)
}

unreadable contains shapeless(sprintf("an entry of %s.volumes", [where]), "an object") if {
	some [where, volume] in volumes
	not is_object(volume)
}

has_pods if {
	is_array(input.expansion.pods)
	count(input.expansion.pods) > 0
}

# shapeless is the message for a value of another type than it must be.
shapeless(where, want) := text.message(
	sprintf("%s is not of a shape that can be judged", [where]),
	sprintf("it is %s", [want]),
	"correct the manifest",
)
