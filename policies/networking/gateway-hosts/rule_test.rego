package networking["gateway-hosts_test"]

import data.networking["gateway-hosts"] as rule

own := "web.alice.apps.example.com"

parameters := {
	"domainSuffixes": ["apps.example.com"],
	"gateways": ["infra/shared"],
	"gatewayClasses": ["tenants"],
	"extensions": ["RateLimit"],
	"kinds": ["BackendTLSPolicy"],
}

review(kind, spec) := {
	"request": {"operation": "CREATE", "namespace": "claude-runner-user-alice", "kind": {"kind": kind}, "object": {"metadata": {"name": "web"}, "spec": spec}},
	"caller": {"relation": "owner"},
	"tenant": {"name": "alice"},
	"parameters": parameters,
}

# route and gateway are honest ones with some fields changed.
route(fields) := review("HTTPRoute", object.union(
	{
		"hostnames": [own],
		"parentRefs": [{"name": "shared", "namespace": "infra"}],
		"rules": [{"backendRefs": [{"name": "web", "port": 80}]}],
	},
	fields,
))

gateway(fields) := review("Gateway", object.union(
	{
		"gatewayClassName": "tenants",
		"listeners": [{"name": "web", "hostname": own, "port": 443, "protocol": "HTTPS", "tls": {"certificateRefs": [{"name": "t"}]}}],
	},
	fields,
))

listener(fields) := gateway({"listeners": [object.union({"name": "web", "hostname": own}, fields)]})

rules(fields) := route({"rules": [object.union({"backendRefs": [{"name": "web"}]}, fields)]})

denials(fields) := n if {
	n := count(rule.deny) with input as route(fields)
}

test_honest_ones_pass if {
	every kind in ["HTTPRoute", "GRPCRoute", "TLSRoute"] {
		count(rule.deny) == 0 with input as object.union(route({}), {"request": {"kind": {"kind": kind}}})
	}
	every fields in [
		{"hostnames": ["alice.apps.example.com", own]},
		{"parentRefs": [{"name": "mine"}, {"name": "mine", "namespace": "claude-runner-user-alice"}, {"name": "s", "kind": "Service", "group": ""}]},
		{"parentRefs": [{"name": "shared", "namespace": "infra", "kind": "Gateway", "sectionName": "web"}]},
		{"rules": null},
		{"rules": [{"backendRefs": [{"name": "web", "namespace": null}, {"name": "web", "namespace": ""}]}]},
		{"rules": [{"backendRefs": [{"name": "web", "kind": "Service", "group": "", "namespace": "claude-runner-user-alice"}]}]},
		{"rules": [{"filters": [{"type": "ExtensionRef", "extensionRef": {"kind": "RateLimit", "name": "x"}}, {"requestMirror": {"backendRef": {"name": "copy"}}}]}]},
		{"rules": [{"matches": [{"headers": [{"name": "namespace", "value": "bob"}, {"name": "x", "value": "\"namespace\":\"bob\""}]}]}]},
	] {
		denials(fields) == 0
	}
	every fields in [{}, {"addresses": []}, {"infrastructure": null}, {"listeners": []}, {"allowedListeners": {"namespaces": {"from": "None"}}}] {
		count(rule.deny) == 0 with input as gateway(fields)
	}
	count(rule.deny) == 0 with input as listener({"allowedRoutes": {"namespaces": {"from": "Same"}}})
	count(rule.deny) == 0 with input as review("ListenerSet", {"parentRef": {"name": "shared", "namespace": "infra"}, "listeners": [{"hostname": own}]})
	count(rule.deny) == 0 with input as review("ReferenceGrant", {"from": [{"namespace": "infra", "kind": "Gateway"}, {"kind": "HTTPRoute"}], "to": [{"kind": "Secret"}]})
	count(rule.deny) == 0 with input as review("BackendTLSPolicy", {"targetRefs": [{"name": "web"}]})
}

test_other_hosts_do_not if {
	every host in [
		"", "*", "*.alice.apps.example.com", "bob.apps.example.com", "apps.example.com", "malice.apps.example.com",
		"Web.alice.apps.example.com", "web.alice.apps.example.com.", "xn--alice-.apps.example.com", "аlice.apps.example.com",
		null, 7, ["web.alice.apps.example.com"], {},
	] {
		denials({"hostnames": [own, host]}) == 1
		count(rule.deny) == 1 with input as listener({"hostname": host})
		count(rule.deny) == 1 with input as review("XListenerSet", {"listeners": [{"hostname": own}, {"hostname": host}]})
	}
	every hostnames in [[], null, "web.alice.apps.example.com", {"a": "web.alice.apps.example.com"}] {
		denials({"hostnames": hostnames}) == 1
	}
	count(rule.deny) == 1 with input as json.remove(route({}), ["request/object/spec/hostnames"])
	count(rule.deny) == 1 with input as gateway({"listeners": [{"name": "web"}]})
}

test_without_a_domain_every_host_is_denied if {
	every input_ in [
		json.remove(route({"parentRefs": []}), ["parameters/domainSuffixes"]),
		json.remove(route({"parentRefs": []}), ["parameters"]),
		json.remove(route({}), ["tenant"]),
		object.union(route({}), {"tenant": null}),
		object.union(route({}), {"tenant": {"name": "bob"}}),
	] {
		count(rule.deny) == 1 with input as input_
	}
}

test_kinds_without_hosts if {
	every kind in ["TCPRoute", "UDPRoute", "GatewayClass", "BackendTrafficPolicy", "httproute", "", "New"] {
		count(rule.deny) == 1 with input as review(kind, {})
	}
	count(rule.deny) == 1 with input as json.remove(review("BackendTLSPolicy", {}), ["parameters"])
}

test_parents_of_others if {
	every ref in [
		{"name": "shared", "namespace": "kube-system"}, {"name": "other", "namespace": "infra"}, {"name": "web", "namespace": "claude-runner-user-bob"},
		{"name": "shared", "namespace": "infra", "kind": "Service"}, {"namespace": "infra"}, {"name": "x", "namespace": 7},
	] {
		denials({"parentRefs": [{"name": "mine"}, ref]}) == 1
		count(rule.deny) == 1 with input as review("ListenerSet", {"parentRef": ref, "listeners": []})
	}
	count(rule.deny) == 1 with input as json.remove(route({}), ["parameters/gateways"])
}

test_references_of_others if {
	bob := {"name": "his", "namespace": "claude-runner-user-bob"}
	every fields in [
		{"backendRefs": [{"name": "web"}, bob]},
		{"backendRefs": [{"name": "web", "filters": [{"requestMirror": {"backendRef": bob}}]}]},
		{"filters": [{"requestMirror": {"backendRef": bob}}]},
		{"filters": [{"externalAuth": {"backendRef": bob}}]},
		{"filters": [{"something": {"deeper": [bob]}}]},
		{"backendRefs": [{"name": "his", "namespace": 7}]},
		{"backendRefs": [{"name": "his", "namespace": "a\"b"}]},
		{"backendRefs": [{"name": "his", "namespace": ["claude-runner-user-alice"]}]},
	] {
		count(rule.deny) == 1 with input as rules(fields)
	}
	count(rule.deny) == 1 with input as listener({"tls": {"certificateRefs": [bob]}})
	count(rule.deny) == 1 with input as listener({"tls": {"frontendValidation": {"caCertificateRefs": [bob]}}})
	count(rule.deny) == 1 with input as gateway({"tls": {"backend": {"clientCertificateRef": bob}}})
	every namespace in ["claude-runner-user-bob", "kube-system", "infr", "*", 7] {
		count(rule.deny) == 1 with input as review("ReferenceGrant", {"from": [{"kind": "HTTPRoute"}, {"namespace": namespace, "kind": "HTTPRoute"}], "to": [{"kind": "Secret"}]})
	}
	count(rule.deny) == 1 with input as json.remove(review("ReferenceGrant", {"from": [{"namespace": "infra"}]}), ["parameters/gateways"])
}

test_backends_are_services if {
	every ref in [{"name": "x", "kind": "Backend"}, {"name": "x", "group": "gateway.envoyproxy.io"}, {"name": "x", "kind": ["Service"]}] {
		count(rule.deny) == 1 with input as rules({"backendRefs": [{"name": "web"}, ref]})
		count(rule.deny) == 1 with input as rules({"filters": [{"requestMirror": {"backendRef": ref}}]})
		count(rule.deny) == 1 with input as rules({"backendRefs": [{"name": "web", "filters": [{"externalAuth": {"backendRef": ref}}]}]})
	}
	every extension in [{"kind": "SnippetsFilter"}, {}, "x"] {
		count(rule.deny) == 1 with input as rules({"filters": [{"extensionRef": extension}]})
		count(rule.deny) == 1 with input as rules({"backendRefs": [{"name": "web", "filters": [{"extensionRef": extension}]}]})
	}
	count(rule.deny) == 2 with input as json.remove(rules({"filters": [{"extensionRef": {"kind": "RateLimit"}}]}), ["parameters/extensions", "parameters/gateways"])
}

test_gateways if {
	every class in ["cloud", "", null, 7] {
		count(rule.deny) == 1 with input as gateway({"gatewayClassName": class})
	}
	count(rule.deny) == 1 with input as json.remove(gateway({}), ["parameters/gatewayClasses"])
	every fields in [
		{"addresses": [{"value": "203.0.113.7"}]}, {"addresses": "203.0.113.7"}, {"infrastructure": {"annotations": {"a": "b"}}},
		{"allowedListeners": {"namespaces": {"from": "All"}}}, {"allowedListeners": {"namespaces": {"from": "Selector"}}},
	] {
		count(rule.deny) == 1 with input as gateway(fields)
	}
	every from in ["All", "Selector", "same", 7] {
		count(rule.deny) == 1 with input as listener({"allowedRoutes": {"namespaces": {"from": from}}})
	}
}

test_odd_shapes_are_denied if {
	every spec in [null, "x", ["x"]] {
		count(rule.deny) > 0 with input as review("HTTPRoute", spec)
		count(rule.deny) > 0 with input as review("BackendTLSPolicy", spec)
	}
	every fields in [
		{"parentRefs": {"a": 1}}, {"parentRefs": ["x"]}, {"rules": "x"}, {"rules": ["x"]}, {"listeners": {"a": 1}}, {"from": "x"},
		{"rules": [{"backendRefs": "x"}]}, {"rules": [{"filters": {"a": 1}}]}, {"rules": [{"backendRefs": [null]}]},
	] {
		denials(fields) > 0
	}
	count(rule.deny) > 0 with input as {}
}

test_only_a_change_is_judged if {
	foreign := route({"hostnames": ["bob.apps.example.com"]})
	count(rule.deny) == 0 with input as object.union(foreign, {"request": {"operation": "UPDATE", "oldObject": foreign.request.object}})
	count(rule.deny) == 1 with input as object.union(foreign, {"request": {"operation": "UPDATE", "oldObject": route({}).request.object}})
}

test_messages if {
	rule.deny == {concat("; ", [
		`spec.hostnames[0] is "bob.apps.example.com"`,
		`hosts of this tenant: "alice.apps.example.com" and what is below`,
		"choose such a host, or ask the platform's administrators for a domain",
	])} with input as route({"hostnames": ["bob.apps.example.com"]})
	rule.deny == {concat("; ", [
		`spec refers to another namespace: "\"namespace\":\"claude-runner-user-bob\""`,
		`objects of namespace "claude-runner-user-alice"`,
		"leave the namespace out",
	])} with input as rules({"backendRefs": [{"name": "his", "namespace": "claude-runner-user-bob"}]})
	some parent in rule.deny with input as route({"parentRefs": [{"name": "public", "namespace": "ingress"}]})
	startswith(parent, `spec.parentRefs[0] is "public" of namespace "ingress"; Gateways of this namespace, or shared ones: "infra/shared"; `)
	some grant in rule.deny with input as review("ReferenceGrant", {"from": [{"namespace": "bob"}]})
	startswith(grant, `spec.from[0] lets namespace "bob" in; `)
}
