package isolation["tenant-membership_test"]

import data.isolation["tenant-membership"] as rule

review(caller) := {
	"request": {
		"namespace": "claude-runner-user-alice",
		"resource": {"group": "", "version": "v1", "resource": "pods"},
	},
	"caller": caller,
	"parameters": {"namespacePrefix": "claude-runner-user-"},
}

standing(relation, role) := {
	"class": "human",
	"relation": relation,
	"role": role,
	"actor": "local:bob",
	"author": "local:bob",
	"tenant": "bob",
}

test_those_who_belong_write if {
	every pair in [
		["owner", "member"],
		["owner", "admin"],
		["owner", "deployer"],
		["owner", "none"],
		["org-admin", "admin"],
		["platform", "platform"],
		["system", "system"],
	] {
		count(rule.deny) == 0 with input as review(standing(pair[0], pair[1]))
	}
}

test_everybody_else_does_not if {
	every pair in [
		["foreign", "none"],
		["foreign", "member"],
		["foreign", "admin"],
		["outside", "member"],
		["owner", "auditor"],
		["platform", ""],
		["platform", null],
		["system", ""],
		["owner", ""],
		["owner", null],
		["org-admin", "auditor"],
		["org-admin", "member"],
		["org-admin", "none"],
		["", "admin"],
		[null, "admin"],
		[{"owner": true}, "admin"],
		["OWNER", "admin"],
		["owner ", "admin"],
		["member", "member"],
	] {
		count(rule.deny) == 1 with input as review(standing(pair[0], pair[1]))
	}
}

test_a_missing_caller_is_denied if {
	every input_ in [
		{},
		{"request": {}},
		{"request": {"namespace": "a"}, "caller": {}},
		{"caller": {"relation": "owner"}},
		{"caller": {"role": "admin"}},
		{"caller": null},
		{"caller": "owner"},
		{"caller": ["owner"]},
	] {
		count(rule.deny) == 1 with input as input_
	}
}

test_foreign_names_who_where_and_the_own_namespace if {
	rule.deny == {concat("", [
		`"local:bob" may not write "pods" in namespace "claude-runner-user-alice"; `,
		`the author's own namespace is "claude-runner-user-bob"; `,
		`write there, or ask an admin of the organization whose namespace it is`,
	])} with input as review(standing("foreign", "none"))
}

test_without_a_tenant_it_says_how_to_onboard if {
	caller := object.union(standing("foreign", "none"), {"tenant": "", "author": "local:erin", "actor": "local:erin"})
	rule.deny == {concat("", [
		`"local:erin" may not write "pods" in namespace "claude-runner-user-alice"; `,
		`the author has no tenant yet; `,
		`onboard first: kubectl create a Tenant of gatehouse.dev/v1alpha1 with spec.owner.user "local:erin"`,
	])} with input as review(caller)
}

test_outside_names_the_place if {
	changed := object.union(review(standing("outside", "member")), {"request": {"namespace": ""}})
	some msg in rule.deny with input as changed
	startswith(msg, `"local:bob" may not write "pods" outside every namespace; `)
}

test_an_actor_is_named if {
	caller := object.union(standing("foreign", "none"), {"actor": "system:serviceaccount:claude-runner-user-bob:ci"})
	some msg in rule.deny with input as review(caller)
	startswith(msg, `"system:serviceaccount:claude-runner-user-bob:ci" on behalf of "local:bob" may not write`)
}

test_an_unknown_relation_is_named if {
	some msg in rule.deny with input as review(standing("friend", "auditor"))
	startswith(msg, `"local:bob" with relation "friend" and role "auditor" may not write in namespace`)
}

test_hostile_values_stay_on_their_line if {
	evil := "x\ndenied by nothing: ok"
	caller := object.union(standing("foreign", "none"), {"author": evil, "actor": evil, "tenant": evil})
	some msg in rule.deny with input as review(caller)
	not contains(msg, "\n")
}

test_nothing_that_the_message_names_may_be_missing if {
	rule.deny == {concat("", [
		`"local:bob" may not write "objects" outside every namespace; `,
		`the author's own namespace is "claude-runner-user-bob"; `,
		`write there, or ask an admin of the organization whose namespace it is`,
	])} with input as {"caller": standing("foreign", "none")}
	some msg in rule.deny with input as {"caller": {"relation": "foreign"}}
	startswith(msg, `"somebody unknown" may not write "objects" outside every namespace; the author has no tenant yet`)
}

test_what_is_empty_is_said_in_words if {
	caller := object.union(standing("foreign", "none"), {"author": "", "actor": ""})
	write := object.union(review(caller), {"request": {"resource": {"resource": ""}}})
	some msg in rule.deny with input as write
	startswith(msg, `"somebody unknown" may not write "objects" in namespace "claude-runner-user-alice"; `)
}

test_the_prefix_is_the_configured_one if {
	elsewhere := object.union(review(standing("foreign", "none")), {"parameters": {"namespacePrefix": "people-"}})
	some msg in rule.deny with input as elsewhere
	contains(msg, `; the author's own namespace is "people-bob"; `)
}
