# METADATA
# title: Pods run restricted
# description: |
#   Kubernetes' Pod Security profile restricted, as of v1.37. A Pod is judged as it will
#   run, after pods/hardening filled in what its author left unsaid, and
#   ephemeralcontainers and resize like the Pod itself. A template is never filled in, so
#   only what it says is judged: a manifest that names no user passes, one that asks for
#   root is denied where it is written and not in a controller's event. CVE-2019-5736
#   (runc) was taken from root in a container to root on its node, CVE-2022-0185 from a
#   container without a seccomp profile. As in the profile, a Pod in a user namespace of
#   its own (hostUsers: false) may be root there, and a Windows Pod has no seccomp,
#   capabilities or privilege escalation to speak of.
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
#     capabilities: [NET_BIND_SERVICE]
#     volumes:
#       - configMap
#       - csi
#       - downwardAPI
#       - emptyDir
#       - ephemeral
#       - image
#       - persistentVolumeClaim
#       - projected
#       - secret
package pods.security

import data.lib.pods
import data.lib.text
import data.lib.value

deny contains msg if {
	pods.judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in pods.unreadable

# A field is [part, what it may be, the value that the profile wants]; a part may not be asked
# of every Pod.
switches := {
	"privileged": ["all", {null, false}, "false"],
	"allowPrivilegeEscalation": ["linux", {null, false}, "false"],
	"runAsNonRoot": ["user", {null, true}, "true"],
}

asked(_, "all")

asked(pod, "linux") if value.at(pod, ["os", "name"]) != "windows"

asked(pod, "user") if value.at(pod, ["hostUsers"]) != false

profiles := {"RuntimeDefault", "Localhost"}

default capabilities := []

capabilities := input.parameters.capabilities

default volumes := []

volumes := input.parameters.volumes

# containers are [pod, owner, security context], contexts those and the Pods' own.
containers := [[pod, owner, value.at(owner[2], "securityContext")] |
	some [where, pod] in pods.specs
	some owner in pods.containers
	owner[0] == where
]

contexts := array.concat(
	[[owner[1], owner, value.at(owner[1], "securityContext")] | some owner in pods.specs],
	containers,
)

# What is said, in a Pod or in a template.

wrong contains pods.shapeless(sprintf("%s.securityContext", [pods.named(owner)]), "an object") if {
	some [_, owner, context] in contexts
	not value.is_map(context)
}

wrong contains pods.shapeless(sprintf("%s.securityContext.%s", [pods.named(owner), field]), "an object") if {
	some [_, owner, context] in contexts
	some field, found in value.fields(context)
	field in {"seccompProfile", "capabilities"}
	not value.is_map(found)
}

wrong contains pods.shapeless(sprintf("%s.securityContext.capabilities.%s", [pods.named(owner), field]), "a list") if {
	some [_, owner, context] in contexts
	some field, found in value.fields(value.at(context, ["capabilities"]))
	field in {"add", "drop"}
	not value.is_list(found)
}

wrong contains said(pods.named(owner), field, found, good) if {
	some [pod, owner, context] in contexts
	some field, found in value.fields(context)
	[part, allowed, good] := switches[field]
	not found in allowed
	asked(pod, part)
}

wrong contains said(pods.named(owner), "runAsUser", found, "the number of a user that is not root") if {
	some [pod, owner, context] in contexts
	found := value.at(context, ["runAsUser"])
	not is_user(found)
	asked(pod, "user")
}

is_user(found) if found == null

is_user(found) if {
	is_number(found)
	found > 0
}

wrong contains said(pods.named(owner), "seccompProfile.type", found, text.list(profiles)) if {
	some [pod, owner, context] in contexts
	is_object(value.at(context, ["seccompProfile"]))
	found := value.at(context, ["seccompProfile", "type"])
	not found in profiles
	asked(pod, "linux")
}

wrong contains text.message(
	sprintf("%s.securityContext.capabilities adds %s", [pods.named(owner), text.quote(capability)]),
	sprintf("capabilities that may be added: %s", [text.list(capabilities)]),
	"leave it out",
) if {
	some [pod, owner, context] in containers
	some capability in value.items(value.at(context, ["capabilities", "add"]))
	not capability in capabilities
	asked(pod, "linux")
}

wrong contains text.message(
	sprintf("%s.securityContext.capabilities drops %s", [pods.named(owner), text.list(drop)]),
	"every container drops \"ALL\"",
	"drop that, or leave capabilities.drop out",
) if {
	some [pod, owner, context] in containers
	drop := value.items(value.at(context, ["capabilities", "drop"]))
	count(drop) > 0
	not "ALL" in drop
	asked(pod, "linux")
}

# A volume is of every type that it names, so each must be allowed; one that names none
# is an emptyDir.
wrong contains text.message(
	sprintf("%s is of type %s", [pods.volume_place(where, volume), text.list(types)]),
	sprintf("volumes of one of the types %s", [text.list(volumes)]),
	"take another type",
) if {
	some [where, volume] in pods.volumes
	types := [type | some type, found in value.fields(volume); type != "name"; found != null]
	some type in types
	not type in volumes
}

said(where, field, found, good) := text.message(
	sprintf("%s.securityContext.%s is %s", [where, field, shown(found)]),
	sprintf("Pods run restricted: %s", [good]),
	"correct it, or leave it out",
)

shown(found) := sprintf("%v", [found]) if type_name(found) in {"boolean", "number"}

else := text.quote(found)

# What is missing, in a Pod only: what a template leaves unsaid is filled in on its Pods.

wrong contains unsaid(pods.named(owner), "allowPrivilegeEscalation", "false") if {
	some [pod, owner, context] in running
	value.at(context, ["allowPrivilegeEscalation"]) == null
	asked(pod, "linux")
}

# These two a Pod may say for all its containers; what it says is judged above.
wrong contains unsaid(pods.named(owner), "runAsNonRoot", "true") if {
	some [pod, owner, context] in running
	value.at(context, ["runAsNonRoot"]) == null
	value.at(pod, ["securityContext", "runAsNonRoot"]) == null
	asked(pod, "user")
}

wrong contains unsaid(pods.named(owner), "seccompProfile.type", text.list(profiles)) if {
	some [pod, owner, context] in running
	value.at(context, ["seccompProfile"]) == null
	value.at(pod, ["securityContext", "seccompProfile"]) == null
	asked(pod, "linux")
}

wrong contains unsaid(pods.named(owner), "capabilities.drop", "\"ALL\"") if {
	some [pod, owner, context] in running
	value.items(value.at(context, ["capabilities", "drop"])) == []
	asked(pod, "linux")
}

# running are the containers of Pods.
running := [container |
	some container in containers
	some pod in input.expansion.pods
	not value.at(pod, ["path"]) in templates
]

templates := {"template", "spec.template", "spec.jobTemplate.spec.template"}

unsaid(where, field, good) := text.message(
	sprintf("%s.securityContext.%s is not set", [where, field]),
	sprintf("Pods run restricted: %s", [good]),
	"set it",
)
