# METADATA
# title: Pods share nothing with their node
# description: |
#   What Kubernetes' Pod Security profile baseline refuses, judged in Pods and in the
#   templates of every workload: the host's network, process and IPC namespaces, ports and
#   paths, privileged containers, capabilities beyond a list, unmasked /proc, unsafe
#   sysctls, SELinux, AppArmor and seccomp turned off, Windows host processes, probes of
#   other hosts; and mirror Pods. For CVE-2023-2727 and CVE-2023-2728, where an ephemeral
#   container passed by what others could not: every list of containers is looked at, and
#   ephemeralcontainers and resize like the Pod itself.
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
#     sysctls:
#       - kernel.shm_rmid_forced
#       - net.ipv4.ip_local_port_range
#       - net.ipv4.ip_local_reserved_ports
#       - net.ipv4.ip_unprivileged_port_start
#       - net.ipv4.ping_group_range
#       - net.ipv4.tcp_fin_timeout
#       - net.ipv4.tcp_keepalive_intvl
#       - net.ipv4.tcp_keepalive_probes
#       - net.ipv4.tcp_keepalive_time
#       - net.ipv4.tcp_notsent_lowat
#       - net.ipv4.tcp_rmem
#       - net.ipv4.tcp_slow_start_after_idle
#       - net.ipv4.tcp_syncookies
#       - net.ipv4.tcp_wmem
package pods["host-access"]

import data.lib.pods
import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	pods.judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in pods.unreadable

# set is a denial of a field that must not be set, or not to that.
set(where, found) := text.message(
	sprintf("%s is %s", [where, shown(found)]),
	"Pods share nothing with their node and unlock nothing of it",
	"leave it out",
)

shown(found) := sprintf("%v", [found]) if type_name(found) in {"boolean", "number"}

else := text.quote(found)

# The Pod itself.

wrong contains set(sprintf("%s.%s", [where, field]), found) if {
	some [where, pod] in pods.specs
	some field in ["hostNetwork", "hostPID", "hostIPC"]
	found := value.at(pod, field)
	not found in {null, false}
}

wrong contains set(sprintf("%s.hostPath", [pods.volume_place(where, volume)]), value.at(found, ["path"])) if {
	some [where, volume] in pods.volumes
	found := value.at(volume, ["hostPath"])
	found != null
}

# Security contexts, as [owner, context]. What one says is looked up in what must not be said, and
# not the other way round: it mostly says little.

contexts := array.concat(pod_contexts, container_contexts)

pod_contexts := [[owner, context] |
	some owner in pods.specs
	context := value.at(owner[1], "securityContext")
	context != null
]

container_contexts := [[owner, context] |
	some owner in pods.containers
	context := value.at(owner[2], "securityContext")
	context != null
]

context_of(owner) := sprintf("%s.securityContext", [pods.named(owner)])

maps := {"seLinuxOptions", "seccompProfile", "appArmorProfile", "windowsOptions", "capabilities"}

# good is what a field may be, by its name; parts what one within it may be.
good := {
	"privileged": {null, false},
	"procMount": {null, "", "Default"},
}

parts := {
	"seLinuxOptions": {
		"user": {null, ""},
		"role": {null, ""},
		"type": {null, "", "container_t", "container_init_t", "container_kvm_t", "container_engine_t"},
	},
	"seccompProfile": {"type": {null, "RuntimeDefault", "Localhost"}},
	"appArmorProfile": {"type": {null, "RuntimeDefault", "Localhost"}},
	"windowsOptions": {"hostProcess": {null, false}},
}

wrong contains pods.shapeless(context_of(owner), "an object") if {
	some [owner, context] in contexts
	not value.is_map(context)
}

wrong contains pods.shapeless(sprintf("%s.%s", [context_of(owner), field]), "an object") if {
	some [owner, context] in contexts
	some field, found in value.fields(context)
	field in maps
	not value.is_map(found)
}

wrong contains set(sprintf("%s.%s", [context_of(owner), field]), found) if {
	some [owner, context] in contexts
	some field, found in value.fields(context)
	allowed := good[field]
	not found in allowed
}

wrong contains set(sprintf("%s.%s.%s", [context_of(owner), field, name]), found) if {
	some [owner, context] in contexts
	some field, part in value.fields(context)
	some name, allowed in parts[field]
	found := value.at(part, name)
	not found in allowed
}

wrong contains pods.shapeless(sprintf("%s.%s", [context_of(owner), concat(".", path)]), "a list") if {
	some [owner, context] in contexts
	some path in [["capabilities", "add"], ["sysctls"]]
	not value.is_list(value.at(context, path))
}

wrong contains text.message(
	sprintf("%s.capabilities adds %s", [context_of(owner), text.quote(capability)]),
	sprintf("capabilities that may be added: %s", [text.list(capabilities)]),
	"leave it out",
) if {
	some [owner, context] in contexts
	some capability in value.items(value.at(context, ["capabilities", "add"]))
	not capability in capabilities
}

default capabilities := []

capabilities := input.parameters.capabilities

wrong contains text.message(
	sprintf("%s sets sysctl %s", [context_of(owner), text.quote(value.at(entry, ["name"]))]),
	sprintf("sysctls of the Pod's own: %s", [text.list(sysctls)]),
	"leave it out",
) if {
	some [owner, context] in contexts
	some entry in value.items(value.at(context, ["sysctls"]))
	not value.at(entry, ["name"]) in sysctls
}

default sysctls := []

sysctls := input.parameters.sysctls

# Ports of the host, and probes of another.

wrong contains pods.shapeless(sprintf("%s.ports", [pods.place(where, list, container)]), "a list of objects") if {
	some [where, list, container] in pods.containers
	not readable_ports(value.at(container, ["ports"]))
}

readable_ports(ports) if {
	value.is_list(ports)
	every port in value.items(ports) {
		is_object(port)
	}
}

wrong contains set(sprintf("%s.ports[%d].hostPort", [pods.place(where, list, container), i]), found) if {
	some [where, list, container] in pods.containers
	some i, port in value.items(value.at(container, ["ports"]))
	found := value.at(port, ["hostPort"])
	not found in {null, 0}
}

# targets are where a field of a container may name a host. Written out: what is joined here
# would be joined anew for every review.
targets := {
	"livenessProbe": [["httpGet", "host"], ["tcpSocket", "host"]],
	"readinessProbe": [["httpGet", "host"], ["tcpSocket", "host"]],
	"startupProbe": [["httpGet", "host"], ["tcpSocket", "host"]],
	"lifecycle": [
		["postStart", "httpGet", "host"],
		["postStart", "tcpSocket", "host"],
		["preStop", "httpGet", "host"],
		["preStop", "tcpSocket", "host"],
	],
}

wrong contains set(sprintf("%s.%s.%s", [pods.place(where, list, container), field, concat(".", path)]), found) if {
	some [where, list, container] in pods.containers
	some field, part in value.fields(container)
	some path in targets[field]
	found := value.at(part, path)
	not found in {null, ""}
}

# Annotations: a mirror Pod stands for one that a node runs by itself, and the old names
# of AppArmor and seccomp.

deny contains msg if {
	not write.by_system
	some msg in text.shown(wrong_annotations)
}

# annotations are [where, annotations, those that were stored in their place], of the object and of
# the templates in it that have any. An update can change those of a template and leave its spec
# alone, so they are judged by themselves. They are no set: it would have to compare them, and a
# replay of recorded reviews does not know what was in their values.
annotations := array.concat(own_annotations, template_annotations)

own_annotations := [["metadata.annotations", found, [value.at(write.old, ["metadata", "annotations"])]] |
	found := value.at(write.object, ["metadata", "annotations"])
	found != null
]

template_annotations := [["the template's metadata.annotations", found, stored_at(path)] |
	not pods.elsewhere
	some pod in input.expansion.pods
	path := value.at(pod, ["path"])
	path != ""
	found := value.at(pod, ["metadata", "annotations"])
	found != null
]

stored_at(path) := [value.at(pod, ["metadata", "annotations"]) |
	input.request.operation == "UPDATE"
	some pod in input.expansion.oldPods
	value.at(pod, ["path"]) == path
]

wrong_annotations contains pods.shapeless(where, "an object") if {
	some [where, found, _] in annotations
	not value.is_map(found)
}

wrong_annotations contains text.message(
	sprintf("%s holds %s: %s", [where, text.quote(name), text.quote(found)]),
	"nothing that makes a mirror Pod or turns off AppArmor or seccomp",
	"leave it out",
) if {
	some [where, all, stored] in annotations
	some name, found in value.fields(all)
	contains(name, "kubernetes.io/")
	every one in stored {
		found != value.at(one, name)
	}
	unlocks(name, found)
}

unlocks("kubernetes.io/config.mirror", _)

unlocks("kubernetes.io/config.source", _)

unlocks(name, found) if {
	startswith(name, "container.apparmor.security.beta.kubernetes.io/")
	not confined(found)
}

unlocks(name, found) if {
	startswith(name, "seccomp.security.alpha.kubernetes.io/")
	not confined(found)
}

unlocks(name, found) if {
	startswith(name, "container.seccomp.security.alpha.kubernetes.io/")
	not confined(found)
}

confined(found) if found in {"runtime/default", "docker/default", ""}

confined(found) if {
	is_string(found)
	startswith(found, "localhost/")
}
