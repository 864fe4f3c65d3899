# METADATA
# title: Ingresses stand on hosts of their own tenant
# description: |
#   An Ingress without a host, with a wildcard, or on somebody else's host takes over
#   traffic of others. Hosts must be <tenant>.<suffix> or below, in one spelling: lower
#   case, no trailing dot; no catch-all backend, since it answers for every host.
#   Annotations that put text into a proxy's configuration are refused (ingress-nginx's
#   CVE-2021-25742 and CVE-2023-5043), so are those that claim more hosts or name a
#   Secret of another namespace. Capsule checked the old object's hosts on UPDATE
#   (projectcapsule/capsule #1983); here the new one's are. Without a suffix every host is
#   denied.
# custom:
#   match:
#     groups: [networking.k8s.io, extensions]
#     kinds: [Ingress]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Each gives every tenant a domain, <tenant>.<suffix>.
#     domainSuffixes: []
#     # Refused wherever they stand in an annotation's name, after its prefix.
#     annotations:
#       - snippet
#       - server-alias
#       - external-dns.alpha.kubernetes.io/hostname
#       - external-dns.alpha.kubernetes.io/target
package networking["ingress-hosts"]

import data.lib.hosts
import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in write.unreadable

spec := value.at(write.object, ["spec"])

rules := value.items(value.at(spec, ["rules"]))

wrong contains text.message("spec.rules names no host, so that every host is meant", allowed, next) if count(rules) == 0

wrong contains text.message(
	"spec.defaultBackend answers for every host",
	allowed,
	"give each host a rule with a path / of its own",
) if {
	some field in ["defaultBackend", "backend"]
	value.at(spec, field) != null
}

wrong contains text.message(
	sprintf("%s is %s", [where, text.quote(host)]),
	allowed,
	next,
) if {
	some [where, host] in named
	not own(host)
}

named contains [sprintf("spec.rules[%d].host", [i]), value.at(rule, ["host"])] if some i, rule in rules

named contains [sprintf("spec.tls[%d].hosts[%d]", [i, j]), host] if {
	some i, entry in value.items(value.at(spec, ["tls"]))
	some j, host in value.items(value.at(entry, ["hosts"]))
}

own(host) if hosts.owned(host, domains)

domains := hosts.domains(value.at(write_tenant, ["name"]), suffixes)

default write_tenant := null

write_tenant := input.tenant

default suffixes := []

suffixes := input.parameters.domainSuffixes

wrong contains "spec.tls is not of a shape that can be judged; it is a list of objects; correct the manifest" if {
	not readable_tls
}

readable_tls if {
	tls := value.at(spec, ["tls"])
	value.is_list(tls)
	every entry in value.items(tls) {
		is_object(entry)
	}
}

wrong contains text.message(
	sprintf("spec.tls[%d].hosts names no host, so that its certificate stands for every host", [i]),
	allowed,
	next,
) if {
	some i, entry in value.items(value.at(spec, ["tls"]))
	count(value.items(value.at(entry, ["hosts"]))) == 0
}

# Annotations are judged where an update leaves spec alone too.

deny contains msg if {
	not write.by_system
	some msg in text.shown(wrong_annotations)
}

annotations := value.at(write.object, ["metadata", "annotations"])

wrong_annotations contains "metadata.annotations is not of a shape that can be judged; it is an object; correct the manifest" if {
	list := annotations
	not value.is_map(list)
}

wrong_annotations contains text.message(
	sprintf("annotation %s is set", [text.quote(name)]),
	"nothing that writes into the proxy's configuration or claims other hosts",
	"leave it out",
) if {
	some name, found in value.fields(annotations)
	found != value.at(write.old, ["metadata", "annotations", name])
	refused(name)
}

refused(name) if {
	some part in input.parameters.annotations
	contains(lower(name), part)
}

wrong_annotations contains text.message(
	sprintf("annotation %s names %s", [text.quote(name), text.quote(found)]),
	sprintf("Secrets of namespace %s", [text.quote(write.namespace)]),
	"copy the Secret here",
) if {
	some name, found in value.fields(annotations)
	found != value.at(write.old, ["metadata", "annotations", name])
	contains(lower(name), "secret")
	not local(found)
}

local(found) if {
	is_string(found)
	not contains(found, "/")
}

local(found) if {
	is_string(found)
	split(found, "/")[0] == write.namespace
}

allowed := sprintf("hosts of this tenant: %s and what is below", [text.list(domains)])

next := "choose such a host, or ask the platform's administrators for a domain"
