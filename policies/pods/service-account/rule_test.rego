package pods["service-account_test"]

import data.pods["service-account"] as rule

parameters := {"reserved": ["deployer"], "audiences": ["gatehouse-gateway"], "longest": 86400}

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"group": "", "kind": "Pod"}},
	"caller": {"relation": "owner"},
	"expansion": {"pods": [{"path": path, "spec": spec}], "oldPods": []},
	"parameters": parameters,
}

update(new, old) := {
	"request": {"operation": "UPDATE"},
	"expansion": {"pods": [{"path": "", "spec": new}], "oldPods": [{"path": "", "spec": old}]},
	"parameters": parameters,
}

token(fields) := {"volumes": [{"name": "t", "projected": {"sources": [{"serviceAccountToken": fields}]}}]}

test_ordinary_accounts_pass if {
	every spec in [
		{},
		{"serviceAccountName": "default", "serviceAccount": "default"},
		{"serviceAccountName": "", "serviceAccount": null},
		{"serviceAccountName": "deployer-of-mine"},
		{"volumes": null},
		{"volumes": [{"name": "e", "emptyDir": {}}]},
		{"volumes": [{"name": "e", "projected": {"sources": null}}]},
		{"volumes": [{"name": "e", "projected": {"sources": [{"configMap": {"name": "c"}}]}}]},
	] {
		count(rule.deny) == 0 with input as review("", spec)
		count(rule.deny) == 0 with input as review("spec.template", spec)
	}
}

test_the_deployer_does_not if {
	every field in ["serviceAccountName", "serviceAccount"] {
		every path in ["", "spec.template", "spec.jobTemplate.spec.template"] {
			count(rule.deny) == 1 with input as review(path, {field: "deployer"})
		}
	}
	every odd in [7, ["deployer"], {"name": "deployer"}, true] {
		count(rule.deny) == 1 with input as review("", {"serviceAccountName": odd})
	}
	count(rule.deny) == 1 with input as object.remove(review("", {"serviceAccountName": "deployer"}), ["parameters"])
}

test_the_reserved_are_a_parameter if {
	other := object.union(review("", {"serviceAccountName": "robot"}), {"parameters": {"reserved": ["robot"]}})
	count(rule.deny) == 1 with input as other
}

test_only_a_change_is_judged if {
	count(rule.deny) == 0 with input as update({"serviceAccountName": "deployer"}, {"serviceAccountName": "deployer"})
	count(rule.deny) == 1 with input as update({"serviceAccountName": "deployer"}, {"serviceAccountName": "default"})
	count(rule.deny) == 1 with input as update({"serviceAccountName": "deployer"}, null)
}

test_tokens_for_oneself_pass if {
	every fields in [
		{"path": "token", "expirationSeconds": 3607},
		{"path": "token", "audience": ""},
		{"path": "token", "audience": null, "expirationSeconds": null},
		{"path": "token", "audience": "gatehouse-gateway", "expirationSeconds": 86400},
	] {
		count(rule.deny) == 0 with input as review("", token(fields))
	}
}

test_other_tokens_do_not if {
	every fields in [
		{"audience": "vault"},
		{"audience": "Gatehouse-Gateway"},
		{"audience": "gatehouse-gateway "},
		{"audience": ["gatehouse-gateway"]},
		{"expirationSeconds": 86401},
		{"expirationSeconds": "3600"},
		{"expirationSeconds": true},
	] {
		count(rule.deny) == 1 with input as review("", token(fields))
	}
	count(rule.deny) == 1 with input as object.remove(review("", token({"audience": "gatehouse-gateway"})), ["parameters"])
	count(rule.deny) == 1 with input as object.remove(review("", token({"expirationSeconds": 3600})), ["parameters"])
}

test_odd_shapes_are_denied if {
	every spec in [
		null,
		"deployer",
		{"volumes": "x"},
		{"volumes": ["x"]},
		{"volumes": [{"projected": "x"}]},
		{"volumes": [{"projected": ["x"]}]},
		{"volumes": [{"projected": {"sources": {"serviceAccountToken": {}}}}]},
		{"volumes": [{"projected": {"sources": ["x"]}}]},
		{"volumes": [{"projected": {"sources": [{"serviceAccountToken": "x"}]}}]},
		{"volumes": [{"projected": {"sources": [{"serviceAccountToken": ["x"]}]}}]},
	] {
		count(rule.deny) == 1 with input as review("", spec)
	}
	count(rule.deny) == 1 with input as {}
}

test_messages if {
	rule.deny == {concat("; ", [
		`spec.template.spec.serviceAccountName is "deployer"`,
		`any account of the namespace but "deployer", which only a tool may use`,
		"make a ServiceAccount for this workload, with a Role of what it needs",
	])} with input as review("spec.template", {"serviceAccountName": "deployer"})
	some msg in rule.deny with input as review("", token({"expirationSeconds": 90000}))
	startswith(msg, `spec.volumes["t"] asks for a token of 90000 seconds; at most 86400; `)
	some odd in rule.deny with input as review("", token({"expirationSeconds": "long"}))
	startswith(odd, `spec.volumes["t"] asks for a token of "long" seconds; at most 86400; `)
}
