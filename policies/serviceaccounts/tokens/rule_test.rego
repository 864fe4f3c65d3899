package serviceaccounts.tokens_test

import data.serviceaccounts.tokens as rule

parameters := {"reserved": ["deployer"], "audiences": ["gatehouse-gateway"], "longest": 86400}

review(kind, name, object) := {
	"request": {"operation": "CREATE", "name": name, "kind": {"kind": kind}, "object": object},
	"caller": {"relation": "owner"},
	"parameters": parameters,
}

token(name, spec) := review("TokenRequest", name, {"spec": spec})

secret(type) := review("Secret", "s", {"type": type, "data": {}})

test_short_tokens_for_oneself_pass if {
	every spec in [
		{},
		null,
		{"audiences": null, "expirationSeconds": null},
		{"audiences": [], "expirationSeconds": 600},
		{"audiences": ["gatehouse-gateway"], "expirationSeconds": 86400},
	] {
		count(rule.deny) == 0 with input as token("web", spec)
	}
	count(rule.deny) == 0 with input as review("TokenRequest", "web", {"metadata": {}})
}

test_other_tokens_do_not if {
	every spec in [
		{"audiences": ["vault"]},
		{"audiences": ["gatehouse-gateway", "vault"]},
		{"audiences": [""]},
		{"audiences": [7]},
		{"audiences": "gatehouse-gateway"},
		{"audiences": {"a": "gatehouse-gateway"}},
		{"expirationSeconds": 86401},
		{"expirationSeconds": 4294967296},
		{"expirationSeconds": "600"},
		{"expirationSeconds": [600]},
		{"expirationSeconds": true},
		"x",
		["x"],
		7,
	] {
		count(rule.deny) == 1 with input as token("web", spec)
	}
	count(rule.deny) == 1 with input as object.remove(token("web", {"audiences": ["gatehouse-gateway"]}), ["parameters"])
	count(rule.deny) == 1 with input as object.remove(token("web", {"expirationSeconds": 600}), ["parameters"])
}

test_the_deployers_do_not if {
	every name in ["deployer", "", null, 7] {
		count(rule.deny) == 1 with input as token(name, {})
	}
	count(rule.deny) == 1 with input as object.remove(token("deployer", {}), ["parameters"])
}

test_the_reserved_are_a_parameter if {
	count(rule.deny) == 1 with input as object.union(token("robot", {}), {"parameters": {"reserved": ["robot"]}})
}

test_a_type_is_judged_on_secrets_only if {
	typed := object.union(token("web", {}), {"request": {"object": {"type": "kubernetes.io/service-account-token"}}})
	count(rule.deny) == 0 with input as typed
	timed := object.union(secret("Opaque"), {"request": {"object": {"spec": {"expirationSeconds": 90000}}}})
	count(rule.deny) == 0 with input as timed
}

test_secrets if {
	every type in ["Opaque", "kubernetes.io/tls", "", null] {
		count(rule.deny) == 0 with input as secret(type)
	}
	every type in ["kubernetes.io/service-account-token", 7, ["Opaque"], {"a": "Opaque"}] {
		count(rule.deny) == 1 with input as secret(type)
	}
}

test_absent_objects_are_denied if {
	every odd in [null, "x", ["x"], {}] {
		count(rule.deny) == 1 with input as review("Secret", "s", odd)
		count(rule.deny) == 1 with input as review("TokenRequest", "web", odd)
	}
	count(rule.deny) == 1 with input as {}
}

test_the_tokens_controller_keeps_its_secrets if {
	count(rule.deny) == 0 with input as object.union(
		secret("kubernetes.io/service-account-token"),
		{"caller": {"relation": "system", "role": "system"}},
	)
}

test_messages if {
	rule.deny == {concat("; ", [
		`ServiceAccount "deployer" gives no token`,
		`any account of the namespace but "deployer", which only a tool may use`,
		"make a ServiceAccount of your own",
	])} with input as token("deployer", {})
	some long in rule.deny with input as token("web", {"expirationSeconds": 90000})
	startswith(long, "a token of 90000 seconds; at most 86400; ")
	some odd in rule.deny with input as token("web", {"expirationSeconds": "long"})
	startswith(odd, `a token of "long" seconds; `)
}
