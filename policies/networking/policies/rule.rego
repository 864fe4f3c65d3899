# METADATA
# title: NetworkPolicies open nothing beyond the namespace
# description: |
#   NetworkPolicies add up: one that lets everything in or out undoes the walls that the
#   platform puts around a tenant, and Kubernetes' own roles edit and admin let every
#   tenant write one. Allows peers that are Pods of the namespace itself (podSelector
#   alone) and addresses of the public internet; an ipBlock that touches a private range,
#   the metadata address 169.254.169.254 among them, must leave it out by except.
#   Capsule's own policies can be opened by the tenant in this way, which its pages had to
#   warn of (projectcapsule/capsule #793).
# custom:
#   match:
#     groups: [networking.k8s.io]
#     kinds: [NetworkPolicy]
#     operations: [CREATE, UPDATE]
#   parameters:
#     # Ranges that belong to the cluster, its nodes, its cloud or nobody. Add the ranges
#     # of Pods, Services and nodes where they are public addresses.
#     privateRanges:
#       - 0.0.0.0/8
#       - 10.0.0.0/8
#       - 100.64.0.0/10
#       - 127.0.0.0/8
#       - 168.63.129.16/32
#       - 169.254.0.0/16
#       - 172.16.0.0/12
#       - 192.0.0.0/24
#       - 192.168.0.0/16
#       - 198.18.0.0/15
#       - 224.0.0.0/3
#       - "::/64"
#       - 64:ff9b::/96
#       - 64:ff9b:1::/48
#       - 2001::/32
#       - 2002::/16
#       - 5f00::/16
#       - fc00::/7
#       - fe80::/10
#       - fec0::/10
#       - ff00::/8
package networking.policies

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	some msg in text.shown(wrong)
}

wrong contains msg if some msg in write.unreadable

spec := value.at(write.object, ["spec"])

# directions are [list of rules, list of peers in each].
directions := {"ingress": "from", "egress": "to"}

wrong contains malformed(sprintf("spec.%s", [way]), "a list") if {
	some way, _ in directions
	list := value.at(spec, way)
	not value.is_list(list)
}

rules := [[sprintf("spec.%s[%d].%s", [way, i, field]), rule, field] |
	some way, field in directions
	some i, rule in value.items(value.at(spec, way))
]

# A rule without peers means everybody.
wrong contains text.message(
	sprintf("%s is missing or empty, which means everybody", [where]),
	allowed,
	next,
) if {
	some [where, rule, field] in rules
	not has_peers(value.at(rule, field))
}

has_peers(peers) if {
	is_array(peers)
	count(peers) > 0
}

peers := [[sprintf("%s[%d]", [where, i]), peer] |
	some [where, rule, field] in rules
	some i, peer in value.items(value.at(rule, field))
]

wrong contains text.message(
	sprintf("%s reaches Pods of other namespaces", [where]),
	allowed,
	next,
) if {
	some [where, peer] in peers
	value.at(peer, ["namespaceSelector"]) != null
}

wrong contains malformed(where, "an object with a podSelector or an ipBlock") if {
	some [where, peer] in peers
	not one_peer(peer)
}

one_peer(peer) if is_object(value.at(peer, ["podSelector"]))

one_peer(peer) if is_object(value.at(peer, ["ipBlock"]))

one_peer(peer) if value.at(peer, ["namespaceSelector"]) != null

blocks := [[where, value.at(block, ["cidr"]), value.at(block, ["except"])] |
	some [where, peer] in peers
	block := value.at(peer, ["ipBlock"])
	block != null
]

wrong contains text.message(
	sprintf("%s.ipBlock is %s except %s, which is no range", [where, text.quote(cidr), excepted(except)]),
	"ranges as 203.0.113.0/24, without leading zeros, and a list of ranges as except",
	"correct the manifest",
) if {
	some [where, cidr, except] in blocks
	not ranges(cidr, except)
}

ranges(cidr, except) if {
	is_range(cidr)
	value.is_list(except)
	every range in value.items(except) {
		is_range(range)
	}
}

is_range(range) if {
	is_string(range)
	net.cidr_is_valid(range)
}

excepted(except) := text.list(except) if is_array(except)

else := text.quote(except)

wrong contains text.message(
	sprintf("%s.ipBlock %s reaches %s, which is not public", [where, text.quote(cidr), text.list(touched)]),
	allowed,
	"name smaller ranges, or leave these out by except",
) if {
	some [where, cidr, except] in blocks
	ranges(cidr, except)
	touched := {private |
		some private in private_ranges
		net.cidr_intersects(cidr, private)
		not left_out(private, value.items(except))
	}
	count(touched) > 0
}

left_out(private, except) if {
	some range in except
	net.cidr_contains(range, private)
}

# Without the list every range is private.
default private_ranges := ["0.0.0.0/0", "::/0"]

private_ranges := input.parameters.privateRanges

allowed := "Pods of this namespace (podSelector alone) and public addresses (ipBlock)"

next := "name the peers; DNS, the model gateway and the public web are open already"

malformed(where, want) := text.message(
	sprintf("%s is not of a shape that can be judged", [where]),
	sprintf("it is %s", [want]),
	"correct the manifest",
)
