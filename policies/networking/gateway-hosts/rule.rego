# METADATA
# title: Gateways and their routes stand on hosts of their own tenant, and refer to nobody else's objects
# description: |
#   The Gateway API's side of networking/ingress-hosts. A route without hostnames takes
#   every host of its Gateway, one with a wildcard or another tenant's host takes that:
#   hosts must be <tenant>.<suffix> or below, in one spelling. Routes attach to Gateways of
#   their namespace or to those that the platform shares; every other reference stays in
#   the namespace. The specification leaves references across namespaces to ReferenceGrants
#   and CVE-2021-25740 is why; here they give nothing to anybody but a shared Gateway's
#   namespace. A Gateway is a load balancer (CVE-2020-8554): it needs a class that the
#   platform lists, names no address and takes routes of its own namespace only. Kinds that
#   name no host (TCPRoute, UDPRoute) take a port for all of them and are denied.
# custom:
#   match:
#     groups: [gateway.networking.k8s.io, gateway.networking.x-k8s.io]
#     kinds: ["*"]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Each gives every tenant a domain, <tenant>.<suffix>.
#     domainSuffixes: []
#     # Gateways of the platform's that tenants' routes may attach to: <namespace>/<name>.
#     gateways: []
#     # Classes of which tenants may have Gateways of their own.
#     gatewayClasses: []
#     # Kinds that a route's filter may extend to.
#     extensions: []
#     # Kinds that are allowed beside those that this rule can judge.
#     kinds: [BackendTLSPolicy]
package networking["gateway-hosts"]

import data.lib.hosts
import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in write.unreadable

routes := {"HTTPRoute", "GRPCRoute", "TLSRoute"}

listening := {"Gateway", "ListenerSet", "XListenerSet"}

spec := value.at(write.object, ["spec"])

kinds contains kind if some kind in ((routes | listening) | {"ReferenceGrant"})

kinds contains kind if some kind in input.parameters.kinds

wrong contains text.message(
	sprintf("%s names no host that a tenant could own", [text.quote(kind)]),
	sprintf("allowed: %s", [text.list(kinds)]),
	"use one of these, or ask the platform's administrators to list this kind",
) if {
	kind := write.kind
	not kind in kinds
}

# Lists that are read below.
wrong contains malformed(concat(".", array.concat(["spec"], path)), "a list of objects") if {
	some path in [["parentRefs"], ["rules"], ["listeners"], ["from"]]
	list := value.at(spec, path)
	not readable(list)
}

wrong contains malformed(sprintf("spec.rules[%d].%s", [i, field]), "a list of objects") if {
	some i, rule in rules
	some field in ["backendRefs", "filters"]
	not readable(value.at(rule, field))
}

readable(list) if {
	value.is_list(list)
	every entry in value.items(list) {
		is_object(entry)
	}
}

malformed(where, want) := text.message(
	sprintf("%s is not of a shape that can be judged", [where]),
	sprintf("it is %s", [want]),
	"correct the manifest",
)

# Hosts.

wrong contains text.message("spec.hostnames names no host, so that every host of the Gateway is meant", hers, choose) if {
	write.kind in routes
	count(value.items(value.at(spec, ["hostnames"]))) == 0
}

wrong contains text.message(sprintf("%s is %s", [where, text.quote(host)]), hers, choose) if {
	some [where, host] in named
	not own(host)
}

named contains [sprintf("spec.hostnames[%d]", [i]), host] if some i, host in value.items(value.at(spec, ["hostnames"]))

named contains [sprintf("spec.listeners[%d].hostname", [i]), value.at(listener, ["hostname"])] if some i, listener in listeners

listeners := value.items(value.at(spec, ["listeners"]))

own(host) if hosts.owned(host, domains)

domains := hosts.domains(value.at(tenant, ["name"]), suffixes)

default tenant := null

tenant := input.tenant

default suffixes := []

suffixes := input.parameters.domainSuffixes

hers := sprintf("hosts of this tenant: %s and what is below", [text.list(domains)])

choose := "choose such a host, or ask the platform's administrators for a domain"

# Parents: a Gateway of this namespace, or one that the platform shares.

parents contains [sprintf("spec.parentRefs[%d]", [i]), ref] if some i, ref in value.items(value.at(spec, ["parentRefs"]))

parents contains ["spec.parentRef", ref] if {
	ref := value.at(spec, ["parentRef"])
	ref != null
}

wrong contains text.message(
	sprintf("%s is %s of namespace %s", [where, text.quote(value.at(ref, ["name"])), text.quote(value.at(ref, ["namespace"]))]),
	sprintf("Gateways of this namespace, or shared ones: %s", [text.list(shared)]),
	"attach to one of these",
) if {
	some [where, ref] in parents
	not local(value.at(ref, ["namespace"]))
	not is_shared(ref)
}

default shared := []

shared := input.parameters.gateways

is_shared(ref) if {
	value.at(ref, ["kind"]) in {null, "Gateway"}
	sprintf("%s/%s", [ref.namespace, ref.name]) in shared
}

local(namespace) if namespace in {null, ""}

local(namespace) if namespace == write.namespace

# Every other reference, at any depth: a name of a namespace is nothing else in these kinds.

wrong contains text.message(
	sprintf("spec refers to another namespace: %s", [text.quote(found)]),
	sprintf("objects of namespace %s", [text.quote(write.namespace)]),
	"leave the namespace out",
) if {
	some found in regex.find_n(`"namespace":("[^"]*"|.)`, json.marshal(elsewhere), -1)
	not at_home(found)
}

at_home(found) if found in {`"namespace":n`, `"namespace":""`}

at_home(found) if found == sprintf(`"namespace":"%s"`, [write.namespace])

# elsewhere is what parents and grants do not judge.
elsewhere := object.remove(value.fields(spec), ["parentRefs", "parentRef", "from"])

wrong contains text.message(
	sprintf("spec.from[%d] lets namespace %s in", [i, text.quote(namespace)]),
	"this namespace, or one of a shared Gateway",
	"leave it out",
) if {
	some i, from in value.items(value.at(spec, ["from"]))
	namespace := value.at(from, ["namespace"])
	not local(namespace)
	not namespace in {split(gateway, "/")[0] | some gateway in shared}
}

# What a rule sends to.

rules := value.items(value.at(spec, ["rules"]))

backends contains [sprintf("spec.rules[%d].backendRefs[%d]", [i, j]), ref] if {
	some i, rule in rules
	some j, ref in value.items(value.at(rule, ["backendRefs"]))
}

filters contains [sprintf("spec.rules[%d].filters[%d]", [i, j]), filter] if {
	some i, rule in rules
	some j, filter in value.items(value.at(rule, ["filters"]))
}

filters contains [sprintf("%s.filters[%d]", [where, j]), filter] if {
	some [where, ref] in backends
	some j, filter in value.items(value.at(ref, ["filters"]))
}

targets contains target if some target in backends

targets contains [sprintf("%s.%s.backendRef", [where, field]), value.at(filter, [field, "backendRef"])] if {
	some [where, filter] in filters
	some field in ["requestMirror", "externalAuth"]
	value.at(filter, field) != null
}

wrong contains text.message(
	sprintf("%s is of kind %s", [where, text.quote(value.at(ref, ["kind"]))]),
	"Services",
	"send to a Service of yours",
) if {
	some [where, ref] in targets
	not is_service(ref)
}

is_service(ref) if {
	value.at(ref, ["kind"]) in {null, "Service"}
	value.at(ref, ["group"]) in {null, ""}
}

wrong contains text.message(
	sprintf("%s extends to kind %s", [where, text.quote(value.at(extension, ["kind"]))]),
	sprintf("kinds that the platform lists: %s", [text.list(extensions)]),
	"leave the filter out",
) if {
	some [where, filter] in filters
	extension := value.at(filter, ["extensionRef"])
	extension != null
	not value.at(extension, ["kind"]) in extensions
}

default extensions := []

extensions := input.parameters.extensions

# Gateways.

wrong contains text.message(
	sprintf("spec.gatewayClassName is %s", [text.quote(class)]),
	sprintf("classes that the platform lists: %s", [text.list(classes)]),
	"attach a route to a shared Gateway, or ask the platform's administrators to list a class",
) if {
	write.kind == "Gateway"
	class := value.at(spec, ["gatewayClassName"])
	not class in classes
}

default classes := []

classes := input.parameters.gatewayClasses

wrong contains text.message(
	sprintf("spec.%s is set", [field]),
	"nothing: it chooses addresses, and orders a load balancer",
	"leave it out",
) if {
	write.kind in listening
	some field in ["addresses", "infrastructure"]
	found := value.at(spec, field)
	not found in {null, [], {}}
}

wrong contains text.message(
	sprintf("%s.namespaces.from is %s", [where, text.quote(from)]),
	"Same",
	"leave it out",
) if {
	some [where, allowed] in admitting
	from := value.at(allowed, ["namespaces", "from"])
	not from in {null, "Same", "None"}
}

admitting contains [sprintf("spec.listeners[%d].allowedRoutes", [i]), value.at(listener, ["allowedRoutes"])] if some i, listener in listeners

admitting contains ["spec.allowedListeners", value.at(spec, ["allowedListeners"])]
