# METADATA
# title: Nobody but the controllers says where a Service's traffic goes
# description: |
#   CVE-2021-25740, never to be fixed in Kubernetes itself: who writes Endpoints or
#   EndpointSlices sends the traffic of an Ingress or load balancer to any address, of
#   another tenant, of the node (127.0.0.1) or of the cloud's metadata (169.254.169.254),
#   past every NetworkPolicy that trusts the sender. The controllers write them for every
#   Service with a selector; by hand they are denied, whatever the addresses.
# custom:
#   match:
#     groups: ["", discovery.k8s.io]
#     kinds: [Endpoints, EndpointSlice]
#     operations: [CREATE, UPDATE]
package networking.endpoints

import data.lib.text
import data.lib.value
import data.lib.write

deny contains text.message(
	sprintf("%s %s would send traffic to %s", [write.kind, text.quote(write.name), text.list(addresses)]),
	"the controllers write them, from the Pods that a Service's selector finds",
	"give the Service a selector",
) if {
	not write.by_system
}

addresses contains address if {
	some subset in value.items(value.at(write.object, ["subsets"]))
	some field in ["addresses", "notReadyAddresses"]
	some entry in value.items(value.at(subset, field))
	address := value.at(entry, ["ip"])
}

addresses contains address if {
	some endpoint in value.items(value.at(write.object, ["endpoints"]))
	some address in value.items(value.at(endpoint, ["addresses"]))
}
