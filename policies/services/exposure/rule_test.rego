package services.exposure_test

import data.services.exposure

review(spec) := {
	"request": {"operation": "CREATE", "kind": {"kind": "Service"}, "object": {"spec": spec}},
	"caller": {"relation": "owner"},
	"parameters": {"types": ["ClusterIP"]},
}

status(new, old) := {
	"request": {
		"operation": "UPDATE",
		"subResource": "status",
		"object": {"spec": {}, "status": new},
		"oldObject": {"spec": {}, "status": old},
	},
	"caller": {"relation": "owner"},
}

test_services_inside_pass if {
	every spec in [
		{},
		{"type": "ClusterIP", "clusterIP": "None", "ports": [{"port": 80}]},
		{"type": "", "externalIPs": [], "loadBalancerSourceRanges": null, "ports": null},
		{"type": null, "ports": [{"port": 80, "nodePort": 0}], "healthCheckNodePort": 0},
	] {
		count(exposure.deny) == 0 with input as review(spec)
	}
}

test_ways_out_and_in_do_not if {
	every spec in [
		{"type": "NodePort"},
		{"type": "LoadBalancer"},
		{"type": "ExternalName"},
		{"type": "clusterip"},
		{"type": ["ClusterIP"]},
		{"type": 7},
		{"externalName": "metadata.google.internal"},
		{"externalIPs": ["10.0.0.1"]},
		{"externalIPs": "10.0.0.1"},
		{"externalIPs": {"a": "10.0.0.1"}},
		{"loadBalancerIP": "10.0.0.1"},
		{"loadBalancerClass": "internal"},
		{"loadBalancerSourceRanges": ["0.0.0.0/0"]},
		{"healthCheckNodePort": 30000},
		{"ports": [{"port": 80}, {"port": 81, "nodePort": 30080}]},
		{"ports": [{"nodePort": "30080"}]},
		{"ports": "80"},
		{"ports": {"a": {"port": 80}}},
		{"ports": [80]},
	] {
		count(exposure.deny) == 1 with input as review(spec)
	}
	count(exposure.deny) == 1 with input as object.remove(review({"type": "NodePort"}), ["parameters"])
}

test_odd_objects_are_denied if {
	every odd in [null, "x", ["x"], {}, {"spec": null}, {"spec": "x"}] {
		changed := json.remove(review({}), ["request/object"])
		count(exposure.deny) == 1 with input as object.union(changed, {"request": {"object": odd}})
	}
	count(exposure.deny) == 1 with input as {}
}

test_only_a_change_is_judged if {
	open := review({"type": "NodePort"})
	kept := {"request": {"operation": "UPDATE", "oldObject": open.request.object}}
	count(exposure.deny) == 0 with input as object.union(open, kept)
	changed := {"request": {"operation": "UPDATE", "oldObject": {"spec": {"type": "ClusterIP"}}}}
	count(exposure.deny) == 1 with input as object.union(open, changed)
	count(exposure.deny) == 0 with input as object.union(open, {"caller": {"relation": "system", "role": "system"}})
}

test_status_is_the_platforms if {
	address := {"loadBalancer": {"ingress": [{"ip": "10.0.0.1"}]}}
	every new in [address, {"loadBalancer": "x"}, {"loadBalancer": ["x"]}] {
		count(exposure.deny) == 1 with input as status(new, {"loadBalancer": {}})
	}
	every new in [{}, {"loadBalancer": {}}, {"loadBalancer": null}, null, "x"] {
		count(exposure.deny) == 0 with input as status(new, {})
	}
	count(exposure.deny) == 0 with input as status(address, address)
	count(exposure.deny) == 1 with input as json.remove(status(address, address), ["request/object"])
	count(exposure.deny) == 0 with input as object.union(status(address, {}), {"caller": {"relation": "system", "role": "system"}})
}

test_messages if {
	some type in exposure.deny with input as review({"type": "NodePort"})
	startswith(type, `spec.type is "NodePort"; allowed: "ClusterIP"; use a Service of type ClusterIP`)
	some ips in exposure.deny with input as review({"externalIPs": ["10.0.0.1"]})
	startswith(ips, `spec.externalIPs is set to "10.0.0.1"; nothing: `)
	some name in exposure.deny with input as review({"externalName": "a\nb"})
	startswith(name, `spec.externalName is set to "a\nb"; `)
}
