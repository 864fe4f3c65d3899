package networking.policies_test

import data.networking.policies

parameters := {"privateRanges": ["10.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8", "fc00::/7", "::/96"]}

review(spec) := {
	"request": {"operation": "CREATE", "kind": {"kind": "NetworkPolicy"}, "object": {"spec": spec}},
	"caller": {"relation": "owner"},
	"parameters": parameters,
}

into(peers) := review({"podSelector": {}, "ingress": [{"from": peers}]})

out(peers) := review({"podSelector": {}, "egress": [{"to": peers, "ports": [{"port": 443}]}]})

block(cidr, except) := [{"ipBlock": {"cidr": cidr, "except": except}}]

test_what_stays_inside_passes if {
	every input_ in [
		review({"podSelector": {}}),
		review({"podSelector": {}, "policyTypes": ["Ingress", "Egress"], "ingress": [], "egress": null}),
		into([{"podSelector": {}}]),
		into([{"podSelector": {"matchLabels": {"app": "web"}}, "namespaceSelector": null}]),
		out([{"podSelector": {}}, {"ipBlock": {"cidr": "203.0.113.0/24"}}]),
		out(block("203.0.113.0/24", null)),
		out(block("2001:4860::/32", [])),
		out(block("0.0.0.0/0", ["10.0.0.0/8", "169.254.0.0/16", "127.0.0.0/8"])),
		out(block("0.0.0.0/0", ["10.0.0.0/7", "169.254.0.0/16", "127.0.0.0/8", "1.1.1.1/32"])),
		into(block("198.51.100.7/32", null)),
	] {
		count(policies.deny) == 0 with input as input_
	}
}

test_what_opens_does_not if {
	every peers in [
		null,
		[],
		[{"namespaceSelector": {}}],
		[{"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "claude-runner-user-bob"}}, "podSelector": {}}],
		[{"podSelector": {}}, {"namespaceSelector": {}}],
		block("0.0.0.0/0", null),
		block("::/0", null),
		block("10.1.2.3/32", null),
		block("169.254.169.254/32", []),
		block("::ffff:10.0.0.0/104", []),
		block("0.0.0.0/0", ["10.0.0.0/9", "169.254.0.0/16", "127.0.0.0/8"]),
		block("fd00::1/128", null),
		block("::1/128", null),
	] {
		count(policies.deny) == 1 with input as into(peers)
		count(policies.deny) == 1 with input as out(peers)
	}
	count(policies.deny) == 1 with input as object.remove(out(block("203.0.113.0/24", null)), ["parameters"])
}

test_odd_shapes_are_denied if {
	every spec in [
		null,
		"x",
		["x"],
		{"ingress": "x"},
		{"ingress": {"from": [{"podSelector": {}}]}},
		{"egress": 7},
		{"egress": ["x"]},
		{"egress": [null]},
		{"egress": [{}]},
		{"ingress": [{"from": "x"}]},
		{"ingress": [{"from": {"podSelector": {}}}]},
		{"ingress": [{"from": [{}]}]},
		{"ingress": [{"from": [null]}]},
		{"ingress": [{"from": ["x"]}]},
		{"ingress": [{"from": [{"podSelector": null}]}]},
		{"ingress": [{"from": [{"podSelector": "x"}]}]},
		{"ingress": [{"from": [{"podSelector": {}, "namespaceSelector": "x"}]}]},
		{"ingress": [{"from": [{"ipBlock": {}}]}]},
		{"ingress": [{"from": [{"podSelector": {}, "ipBlock": "x"}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "203.0.113.7"}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "010.0.0.0/8"}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": 7}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": "10.0.0.0/8"}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": "203.0.113.7/32"}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "203.0.113.0/24", "except": {"a": "203.0.113.7/32"}}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": [7]}}]}]},
		{"ingress": [{"from": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["x"]}}]}]},
	] {
		count(policies.deny) == 1 with input as review(spec)
	}
	count(policies.deny) == 1 with input as {}
}

test_only_a_change_is_judged if {
	open := into([])
	kept := {"request": {"operation": "UPDATE", "oldObject": open.request.object}}
	count(policies.deny) == 0 with input as object.union(open, kept)
	changed := {"request": {"operation": "UPDATE", "oldObject": {"spec": {"podSelector": {}}}}}
	count(policies.deny) == 1 with input as object.union(open, changed)
}

test_messages if {
	some all in policies.deny with input as out([])
	startswith(all, "spec.egress[0].to is missing or empty, which means everybody; Pods of this namespace (podSelector alone)")
	some metadata in policies.deny with input as out(block("169.254.169.254/32", null))
	startswith(metadata, `spec.egress[0].to[0].ipBlock "169.254.169.254/32" reaches "169.254.0.0/16", which is not public; `)
	some odd in policies.deny with input as out(block("x", ["a\nb"]))
	startswith(odd, `spec.egress[0].to[0].ipBlock is "x" except "a\nb", which is no range; `)
	some odder in policies.deny with input as out(block("x", 7))
	startswith(odder, `spec.egress[0].to[0].ipBlock is "x" except (number), which is no range; `)
}
