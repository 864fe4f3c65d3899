package pods.connections_test

import data.pods.connections as rule

review(way) := {
	"request": {
		"operation": "CONNECT",
		"resource": {"group": "", "resource": split(way, "/")[0]},
		"subResource": split(way, "/")[1],
		"name": "web",
	},
	"caller": {"class": "human", "relation": "owner", "role": "member", "author": "local:alice"},
	"parameters": {"connections": ["pods/attach", "pods/exec", "pods/portforward"]},
}

ways := ["pods/attach", "pods/exec", "pods/portforward"]

by(way, caller) := object.union(review(way), {"caller": caller})

test_her_own_pods if {
	every way in ways {
		count(rule.deny) == 0 with input as review(way)
		count(rule.deny) == 0 with input as by(way, {"class": "service-account", "role": "none"})
		count(rule.deny) == 0 with input as by(way, {"role": "admin"})
	}
}

test_others_look_into_nothing if {
	every way in ways {
		every caller in [
			{"relation": "org-admin", "role": "admin"}, {"relation": "foreign"}, {"relation": "outside"}, {"relation": ""}, {"relation": null},
			{"class": "deployer", "role": "deployer"}, {"class": "controller"}, {"class": "node"}, {"class": "unknown"}, {"class": ""}, {"class": null},
		] {
			count(rule.deny) == 1 with input as by(way, caller)
		}
	}
}

test_the_platform_connects_to_everything if {
	every way in ["pods/exec", "pods/proxy", "services/proxy", "nodes/proxy"] {
		every relation in ["platform", "system"] {
			count(rule.deny) == 0 with input as by(way, {"class": "platform", "relation": relation, "role": relation})
		}
	}
}

test_no_other_way if {
	every way in ["pods/proxy", "services/proxy", "nodes/proxy", "services/exec", "pods/", "pods/EXEC", "pods/something-new"] {
		count(rule.deny) == 1 with input as review(way)
	}
	count(rule.deny) == 2 with input as by("pods/proxy", {"relation": "org-admin"})
}

test_what_is_missing_allows_nothing if {
	count(rule.deny) == 2 with input as {}
	every path in [["caller"], ["caller", "class"], ["caller", "relation"], ["parameters"], ["request", "resource"], ["request", "subResource"]] {
		count(rule.deny) == 1 with input as json.remove(review("pods/exec"), [concat("/", path)])
	}
	count(rule.deny) == 0 with input as json.remove(review("pods/exec"), ["request/name", "caller/author", "caller/role"])
}

test_messages if {
	rule.deny == {concat("; ", [
		`"local:carol" may not connect to "pods/exec" of "web"`,
		"the tenant's owner and the ServiceAccounts of its namespace may look into its Pods",
		"ask the tenant, or a platform administrator",
	])} with input as by("pods/exec", {"relation": "org-admin", "author": "local:carol"})
	rule.deny == {concat("; ", [
		`"services/proxy" of "web" is no way to connect here`,
		`allowed: "pods/attach", "pods/exec", "pods/portforward"`,
		"kubectl port-forward reaches a port of a Pod without the API server's proxy",
	])} with input as review("services/proxy")
	some unknown in rule.deny with input as by("pods/exec", {"author": "", "relation": "foreign"})
	startswith(unknown, `"somebody unknown" may not connect to "pods/exec" of "web"; `)
	some nothing in rule.deny with input as {"caller": {"relation": "owner", "class": "human"}}
	startswith(nothing, `"something" of "" is no way to connect here; allowed: none; `)
}
