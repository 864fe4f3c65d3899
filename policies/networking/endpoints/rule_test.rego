package networking.endpoints_test

import data.networking.endpoints

review(kind, object) := {
	"request": {"operation": "CREATE", "name": "web", "kind": {"kind": kind}, "object": object},
	"caller": {"relation": "owner"},
}

slice := {"endpoints": [{"addresses": ["169.254.169.254", "127.0.0.1"]}]}

test_the_controllers_write_them if {
	count(endpoints.deny) == 0 with input as object.union(review("EndpointSlice", slice), {"caller": {"relation": "system", "role": "system"}})
}

test_nobody_else_does if {
	every relation in ["owner", "org-admin", "platform", "foreign", "", null, ["system"]] {
		count(endpoints.deny) == 1 with input as object.union(review("EndpointSlice", slice), {"caller": {"relation": relation}})
	}
	count(endpoints.deny) == 1 with input as {}
}

test_any_shape_is_denied if {
	every object in [
		null, "x", ["x"], {}, {"subsets": "x"}, {"subsets": ["x"]}, {"subsets": [{"addresses": "x"}]},
		{"subsets": [{"addresses": ["x"]}]}, {"endpoints": {"a": 1}}, {"endpoints": [7]}, {"endpoints": [{"addresses": [7]}]},
	] {
		count(endpoints.deny) == 1 with input as review("Endpoints", object)
	}
}

test_messages_name_the_addresses if {
	some one in endpoints.deny with input as review("EndpointSlice", slice)
	startswith(one, `EndpointSlice "web" would send traffic to "127.0.0.1", "169.254.169.254"; the controllers write them`)
	subsets := {"subsets": [{"addresses": [{"ip": "10.0.0.1"}], "notReadyAddresses": [{"ip": "10.0.0.2"}]}]}
	some two in endpoints.deny with input as review("Endpoints", subsets)
	startswith(two, `Endpoints "web" would send traffic to "10.0.0.1", "10.0.0.2"; `)
}
