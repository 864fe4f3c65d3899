package secrets["platform-names_test"]

import data.secrets["platform-names"] as rule

review(operation, name) := {
	"request": {"operation": operation, "kind": {"kind": "Secret"}, "name": name, "object": {"metadata": {"name": name}}},
	"caller": {"relation": "owner"},
	"parameters": {"names": ["gatehouse-", "platform-"]},
}

operations := ["CREATE", "UPDATE", "DELETE"]

test_her_names_pass if {
	every operation in operations {
		every name in ["mine", "my-gatehouse-copy", "gatehouse", "claude-research-secrets", "kube-root-ca.crt"] {
			count(rule.deny) == 0 with input as review(operation, name)
		}
	}
}

test_the_platforms_do_not if {
	every operation in operations {
		every name in ["gatehouse-passport-keys", "gatehouse-", "Gatehouse-x", "platform-db", ""] {
			count(rule.deny) == 1 with input as review(operation, name)
			every relation in ["org-admin", "foreign", "", null] {
				count(rule.deny) == 1 with input as object.union(review(operation, name), {"caller": {"relation": relation}})
			}
			every relation in ["platform", "system"] {
				count(rule.deny) == 0 with input as object.union(review(operation, name), {"caller": {"relation": relation, "role": relation}})
				count(rule.deny) == 1 with input as object.union(review(operation, name), {"caller": {"relation": relation, "role": ""}})
			}
		}
	}
}

test_what_is_missing_allows_nothing if {
	count(rule.deny) == 1 with input as {}
	count(rule.deny) == 1 with input as object.remove(review("CREATE", "mine"), ["parameters"])
	count(rule.deny) == 1 with input as object.union(review("CREATE", "mine"), {"parameters": {"names": []}})
	every name in [null, 7, ["mine"]] {
		count(rule.deny) == 1 with input as review("CREATE", name)
	}
}

test_the_message if {
	rule.deny == {concat("; ", [
		`Secret "gatehouse-x" has a name of the platform's`,
		`names that begin otherwise than "gatehouse-", "platform-"`,
		"choose another name",
	])} with input as review("CREATE", "gatehouse-x")
}
