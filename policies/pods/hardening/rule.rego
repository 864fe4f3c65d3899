# METADATA
# title: Pods are hardened where their authors said nothing
# description: |
#   Fills in on new Pods what pods/security asks for: runAsNonRoot and a seccomp profile
#   for the Pod, no privilege escalation and no capabilities for each container, and a
#   user and groups, since many an image names none and would start as root. What the
#   author said stays, right or wrong, and templates are never touched: a Job's is
#   immutable, a changed Deployment's is a rollout. A debug container
#   (ephemeralcontainers) gets its container's part when it is added; those that are
#   there already cannot be changed. A Pod in a user namespace of its own
#   (hostUsers: false) keeps the user of its image, a Windows Pod gets only what Windows
#   knows.
#   What is missing is filled in since root in a container is where CVE-2019-5736 began,
#   and a profile that was left empty meant none in CVE-2023-2431.
# custom:
#   match:
#     groups: [""]
#     kinds: [Pod]
#     operations: [CREATE, UPDATE]
#   parameters:
#     runAsUser: 1000
#     runAsGroup: 1000
#     fsGroup: 1000
package pods.hardening

import data.lib.value
import data.lib.write

pod := value.at(write.object, ["spec"])

made if {
	input.request.operation == "CREATE"
	write.main
}

linux if value.at(pod, ["os", "name"]) != "windows"

# The Pod.

mutate contains {"path": "/spec/securityContext/runAsNonRoot", "value": true} if {
	made
	host_user
}

mutate contains {"path": sprintf("/spec/securityContext/%s", [field]), "value": id} if {
	made
	linux
	host_user
	some field in ["runAsUser", "runAsGroup", "fsGroup"]
	id := input.parameters[field]
}

host_user if value.at(pod, ["hostUsers"]) != false

mutate contains {"path": "/spec/securityContext/seccompProfile", "value": {"type": "RuntimeDefault"}} if {
	made
	linux
}

# Its containers, as [path, container].

containers contains [sprintf("/spec/%s/%d", [list, i]), container] if {
	made
	some list in ["initContainers", "containers"]
	some i, container in value.items(value.at(pod, list))
}

containers contains [sprintf("/spec/ephemeralContainers/%d", [i]), container] if {
	input.request.operation == "UPDATE"
	input.request.subResource == "ephemeralcontainers"
	some i, container in value.items(value.at(pod, ["ephemeralContainers"]))
	not value.at(container, ["name"]) in there
}

there contains value.at(container, ["name"]) if {
	some container in value.items(value.at(write.old, ["spec", "ephemeralContainers"]))
}

mutate contains {"path": sprintf("%s/securityContext/capabilities/drop", [path]), "value": ["ALL"]} if {
	linux
	some [path, _] in containers
}

# The API server refuses this field beside what contradicts it; pods/security is to say
# what is wrong instead.
mutate contains {"path": sprintf("%s/securityContext/allowPrivilegeEscalation", [path]), "value": false} if {
	linux
	some [path, container] in containers
	not escalates(container)
}

escalates(container) if value.at(container, ["securityContext", "privileged"]) == true

escalates(container) if {
	some capability in value.items(value.at(container, ["securityContext", "capabilities", "add"]))
	capability in {"SYS_ADMIN", "CAP_SYS_ADMIN"}
}
