package networking["ingress-hosts_test"]

import data.networking["ingress-hosts"] as rule

own := "web.alice.apps.example.com"

parameters := {"domainSuffixes": ["apps.example.com"], "annotations": ["snippet", "server-alias", "external-dns.alpha.kubernetes.io/hostname"]}

review(spec) := {
	"request": {
		"operation": "CREATE",
		"namespace": "claude-runner-user-alice",
		"kind": {"kind": "Ingress"},
		"object": {"metadata": {"name": "web"}, "spec": spec},
	},
	"caller": {"relation": "owner"},
	"tenant": {"name": "alice"},
	"parameters": parameters,
}

on(host) := review({"rules": [{"host": host, "http": {"paths": []}}]})

annotated(annotations) := object.union(on(own), {"request": {"object": {"metadata": {"annotations": annotations}}}})

test_own_hosts_pass if {
	every spec in [
		{"rules": [{"host": own}]},
		{"rules": [{"host": "alice.apps.example.com"}], "tls": [{"hosts": [own], "secretName": "t"}]},
		{"rules": [{"host": own}, {"host": own}], "tls": [], "defaultBackend": null},
		{"rules": [{"host": own}], "tls": null},
	] {
		count(rule.deny) == 0 with input as review(spec)
	}
}

test_other_hosts_do_not if {
	every host in [
		"", "*", "*.alice.apps.example.com", "bob.apps.example.com", "apps.example.com", "malice.apps.example.com",
		"Web.alice.apps.example.com", "web.alice.apps.example.com.", "xn--alice-.apps.example.com",
		null, 7, ["web.alice.apps.example.com"], {},
	] {
		count(rule.deny) == 1 with input as on(host)
		count(rule.deny) == 1 with input as review({"rules": [{"host": own}], "tls": [{"hosts": [host]}]})
	}
}

test_every_host_is_nobodys if {
	every spec in [
		{"rules": [{"http": {}}]},
		{"rules": []},
		{"rules": null},
		{},
		{"rules": [{"host": own}], "defaultBackend": {"service": {"name": "web"}}},
		{"rules": [{"host": own}], "backend": {"serviceName": "web"}},
		{"rules": [{"host": own}], "defaultBackend": "x"},
		{"rules": [{"host": own}], "tls": [{"secretName": "t"}]},
		{"rules": [{"host": own}], "tls": [{"hosts": []}]},
		{"rules": [{"host": own}], "tls": [{"hosts": "x"}]},
	] {
		count(rule.deny) == 1 with input as review(spec)
	}
}

test_odd_shapes_are_denied if {
	every spec in [
		null,
		"x",
		["x"],
		{"rules": "x"},
		{"rules": {"host": own}},
		{"rules": ["x"]},
		{"rules": [null]},
		{"rules": [{"host": own}], "tls": "x"},
		{"rules": [{"host": own}], "tls": {"a": {"hosts": [own]}}},
		{"rules": [{"host": own}], "tls": ["x"]},
	] {
		count(rule.deny) > 0 with input as review(spec)
	}
	count(rule.deny) > 0 with input as {}
	some msg in rule.deny with input as review("x")
	startswith(msg, "spec is no object, so it cannot be judged; ")
}

test_without_a_domain_every_host_is_denied if {
	every input_ in [
		object.remove(on(own), ["parameters"]),
		object.remove(on(own), ["tenant"]),
		object.union(on(own), {"parameters": {"domainSuffixes": []}}),
		object.union(on(own), {"tenant": null}),
		object.union(on(own), {"tenant": {"name": "bob"}}),
	] {
		count(rule.deny) == 1 with input as input_
	}
}

test_annotations if {
	every annotations in [
		null,
		{},
		{"cert-manager.io/issuer": "mine"},
		{"example.com/path": "/a/b"},
		{"nginx.ingress.kubernetes.io/auth-secret": "mine"},
		{"nginx.ingress.kubernetes.io/auth-secret": "claude-runner-user-alice/mine"},
	] {
		count(rule.deny) == 0 with input as annotated(annotations)
	}
	every annotations in [
		{"nginx.ingress.kubernetes.io/configuration-snippet": "x"},
		{"nginx.ingress.kubernetes.io/Server-Snippet": "x"},
		{"nginx.org/server-snippets": "x"},
		{"nginx.ingress.kubernetes.io/server-alias": "bob.apps.example.com"},
		{"external-dns.alpha.kubernetes.io/hostname": "bob.apps.example.com"},
		{"nginx.ingress.kubernetes.io/auth-secret": "claude-runner-user-bob/his"},
		{"nginx.ingress.kubernetes.io/auth-tls-secret": "/his"},
		{"nginx.ingress.kubernetes.io/auth-tls-secret": 7},
		"x",
		["x"],
		7,
	] {
		count(rule.deny) == 1 with input as annotated(annotations)
	}
}

test_only_a_change_is_judged if {
	foreign := on("bob.apps.example.com")
	kept := {"request": {"operation": "UPDATE", "oldObject": foreign.request.object}}
	count(rule.deny) == 0 with input as object.union(foreign, kept)
	changed := {"request": {"operation": "UPDATE", "oldObject": on(own).request.object}}
	count(rule.deny) == 1 with input as object.union(foreign, changed)
	snippet := annotated({"nginx.ingress.kubernetes.io/server-snippet": "x"})
	count(rule.deny) == 1 with input as object.union(snippet, changed)
	same := {"request": {"operation": "UPDATE", "oldObject": snippet.request.object}}
	count(rule.deny) == 0 with input as object.union(snippet, same)
	secret := annotated({"nginx.ingress.kubernetes.io/auth-secret": "claude-runner-user-bob/his"})
	count(rule.deny) == 0 with input as object.union(secret, {"request": {"operation": "UPDATE", "oldObject": secret.request.object}})
	count(rule.deny) == 0 with input as object.union(snippet, {"caller": {"relation": "system", "role": "system"}})
}

test_messages if {
	rule.deny == {concat("; ", [
		`spec.rules[0].host is "bob.apps.example.com"`,
		`hosts of this tenant: "alice.apps.example.com" and what is below`,
		"choose such a host, or ask the platform's administrators for a domain",
	])} with input as on("bob.apps.example.com")
	some none in rule.deny with input as object.remove(on("x"), ["parameters"])
	startswith(none, `spec.rules[0].host is "x"; hosts of this tenant: none and what is below; `)
}
