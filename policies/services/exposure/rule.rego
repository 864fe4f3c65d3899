# METADATA
# title: Services are reached inside the cluster only
# description: |
#   CVE-2020-8554, never to be fixed in Kubernetes itself: whoever may set a Service's
#   externalIPs, or the address in a load balancer's status, takes over the traffic that
#   others send to that address. Denies both, and every other way out or in: ExternalName,
#   LoadBalancer, NodePort and the fields that belong to them.
# custom:
#   match:
#     groups: [""]
#     kinds: [Service]
#     operations: [CREATE, UPDATE]
#   parameters:
#     types: [ClusterIP]
package services.exposure

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in write.unreadable

deny contains "there is no object to judge; nothing is allowed unseen; send the whole object" if {
	write.object == {}
	not write.main
}

spec := value.at(write.object, ["spec"])

next := "use a Service of type ClusterIP, and an Ingress on a host of yours for what others shall reach"

wrong contains text.message(
	sprintf("spec.type is %s", [text.quote(type)]),
	sprintf("allowed: %s", [text.list(types)]),
	next,
) if {
	type := value.at(spec, ["type"])
	not ordinary(type)
}

# A Service that names no type is a ClusterIP.
ordinary(type) if type in {null, ""}

ordinary(type) if type in types

default types := []

types := input.parameters.types

wrong contains text.message(
	sprintf("spec.%s is set%s", [field, shown(found)]),
	"nothing: it draws traffic in or sends it out of the cluster",
	next,
) if {
	some field, empty in {
		"externalIPs": {null, []},
		"externalName": {null, ""},
		"healthCheckNodePort": {null, 0},
		"loadBalancerClass": {null, ""},
		"loadBalancerIP": {null, ""},
		"loadBalancerSourceRanges": {null, []},
	}
	found := value.at(spec, field)
	not found in empty
}

shown(found) := sprintf(" to %s", [text.list(found)]) if is_array(found)

else := sprintf(" to %s", [text.quote(found)])

wrong contains "spec.ports is not of a shape that can be judged; it is a list of objects; correct the manifest" if {
	not readable_ports
}

readable_ports if {
	ports := value.at(spec, ["ports"])
	value.is_list(ports)
	every port in value.items(ports) {
		is_object(port)
	}
}

wrong contains text.message(
	sprintf("spec.ports[%d].nodePort is set", [i]),
	"nothing: it is open on every node",
	next,
) if {
	some i, port in value.items(value.at(spec, ["ports"]))
	not value.at(port, ["nodePort"]) in {null, 0}
}

# The status of a load balancer works like externalIPs. By whichever resource it comes:
# where the API server puts the old status back, it has done so already.

deny contains text.message(
	"status.loadBalancer is set by hand",
	"nothing: traffic to the addresses in it would come here",
	"leave the status to the platform",
) if {
	not write.by_system
	not status_kept
}

status_kept if balancer(write.object) in {null, {}, balancer(write.old)}

balancer(object) := value.at(object, ["status", "loadBalancer"])
