package objects["owner-references_test"]

import data.objects["owner-references"] as rule

parameters := {"clusterScoped": ["Namespace", "Node", "Tenant"]}

review(kind, references) := {
	"request": {"operation": "CREATE", "kind": {"kind": kind}, "object": {"metadata": {"name": "o", "ownerReferences": references}}},
	"caller": {"class": "human", "relation": "owner", "role": "member"},
	"parameters": parameters,
}

owner(fields) := object.union({"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": "u"}, fields)

test_owners_within_pass if {
	every references in [null, [], [owner({})], [owner({"controller": true, "blockOwnerDeletion": true})], [owner({"controller": null})]] {
		count(rule.deny) == 0 with input as review("ConfigMap", references)
	}
}

test_owners_above_do_not if {
	every reference in [
		owner({"kind": "Namespace"}),
		owner({"kind": "node"}),
		owner({"kind": "Tenant", "controller": false}),
		owner({"kind": ""}),
		owner({"kind": 7}),
		object.remove(owner({}), ["kind"]),
	] {
		count(rule.deny) == 1 with input as review("Pod", [owner({}), reference])
	}
}

by_status(new, old) := object.union(
	review("Pod", new),
	{"request": {"operation": "UPDATE", "subResource": "status", "oldObject": {"metadata": {"ownerReferences": old}}}},
)

test_no_new_owner_by_a_subresource if {
	count(rule.deny) == 1 with input as by_status([owner({})], [])
	count(rule.deny) == 1 with input as by_status([owner({"controller": true})], [owner({})])
	count(rule.deny) == 0 with input as by_status([owner({})], [owner({})])
	count(rule.deny) == 0 with input as by_status([], [owner({})])
	count(rule.deny) == 0 with input as object.union(by_status([owner({})], []), {"request": {"subResource": ""}})
	count(rule.deny) == 0 with input as object.union(by_status([owner({})], []), {"caller": {"class": "controller"}})
	some msg in rule.deny with input as by_status([owner({})], [])
	startswith(msg, `metadata.ownerReferences[0] names "Deployment" "web" by subresource "status"; owners are named on the object itself; `)
}

test_every_class_of_people if {
	above := review("Pod", [owner({"kind": "Node"})])
	every class in ["human", "service-account", "deployer", "node", "unknown", "", null] {
		count(rule.deny) == 1 with input as object.union(above, {"caller": {"class": class}})
	}
	every class in ["controller", "platform"] {
		count(rule.deny) == 0 with input as object.union(above, {"caller": {"class": class}})
	}
	count(rule.deny) == 1 with input as object.remove(above, ["caller"])
	count(rule.deny) == 1 with input as object.union(above, {"caller": {"class": "controller", "role": ""}})
	count(rule.deny) == 1 with input as object.remove(above, ["parameters"])
}

test_an_update_may_keep_what_was_there if {
	above := review("Pod", [owner({"kind": "Node"})])
	kept := {"request": {"operation": "UPDATE", "oldObject": above.request.object}}
	count(rule.deny) == 0 with input as object.union(above, kept)
	other := {"request": {"operation": "UPDATE", "oldObject": {"metadata": {"ownerReferences": [owner({"kind": "Node", "uid": "v"})]}}}}
	count(rule.deny) == 1 with input as object.union(above, other)
	lying := {"request": {"oldObject": above.request.object}}
	count(rule.deny) == 1 with input as object.union(above, lying)
}

test_odd_shapes_are_denied if {
	every references in ["x", 7, {"kind": "Namespace"}, ["x"], [null], [["x"]]] {
		count(rule.deny) > 0 with input as review("Pod", references)
	}
	count(rule.deny) == 1 with input as {}
	every odd in [null, "x", ["x"]] {
		count(rule.deny) == 1 with input as {"request": {"operation": "CREATE", "object": odd}}
	}
}

test_messages if {
	rule.deny == {concat("; ", [
		`metadata.ownerReferences[0] names "Tenant" "a\nb"`,
		"owners within the namespace",
		"leave it out",
	])} with input as review("Pod", [owner({"kind": "Tenant", "name": "a\nb"})])
}
