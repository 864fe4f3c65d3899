package devices.claims_test

import data.devices.claims

review(spec) := {
	"request": {"operation": "CREATE", "kind": {"kind": "ResourceClaim"}, "object": {"spec": spec}},
	"caller": {"relation": "owner"},
}

asks(request) := {"devices": {"requests": [{"name": "ok"}, request]}}

test_free_devices_pass if {
	every spec in [
		{},
		{"devices": null},
		{"devices": {"requests": null}},
		asks({"name": "gpu", "exactly": {"deviceClassName": "gpu", "adminAccess": false}}),
		asks({"name": "gpu", "deviceClassName": "gpu", "adminAccess": null}),
		asks({"name": "gpu", "firstAvailable": [{"name": "a"}]}),
	] {
		count(claims.deny) == 0 with input as review(spec)
		count(claims.deny) == 0 with input as review({"spec": spec})
	}
}

test_devices_of_others_do_not if {
	every request in [
		{"exactly": {"adminAccess": true}},
		{"adminAccess": true},
		{"adminAccess": "true"},
		{"exactly": {"adminAccess": 1}},
		{"firstAvailable": [{"name": "a"}, {"adminAccess": true}]},
		{"exactly": "x"},
		{"firstAvailable": "x"},
		{"firstAvailable": ["x"]},
		"x",
		["x"],
	] {
		count(claims.deny) == 1 with input as review(asks(request))
		count(claims.deny) == 1 with input as review({"spec": asks(request)})
	}
}

test_odd_shapes_are_denied if {
	every spec in [
		null, "x", ["x"], {"devices": "x"}, {"devices": ["x"]}, {"devices": {"requests": "x"}},
		{"devices": {"requests": {"a": {"adminAccess": true}}}}, {"spec": "x"}, {"spec": {"devices": 7}},
	] {
		count(claims.deny) > 0 with input as review(spec)
	}
	count(claims.deny) == 1 with input as {}
}

test_only_a_change_is_judged if {
	admin := review(asks({"adminAccess": true}))
	kept := {"request": {"operation": "UPDATE", "oldObject": admin.request.object}}
	count(claims.deny) == 0 with input as object.union(admin, kept)
	count(claims.deny) == 1 with input as object.union(admin, {"request": {"operation": "UPDATE", "oldObject": {"spec": {}}}})
	count(claims.deny) == 0 with input as object.union(admin, {"caller": {"relation": "system", "role": "system"}})
}

test_the_status_is_the_schedulers if {
	allocated := object.union(review({}), {"request": {"subResource": "status", "object": {"status": {"allocation": {}}}}})
	count(claims.deny) == 1 with input as allocated
	count(claims.deny) == 0 with input as object.union(allocated, {"caller": {"relation": "system", "role": "system"}})
	kept := {"request": {"operation": "UPDATE", "oldObject": allocated.request.object}}
	count(claims.deny) == 0 with input as object.union(allocated, kept)
}

test_messages if {
	claims.deny == {"spec.devices.requests[1].exactly.adminAccess is set; devices that are free; leave it out"} with input as review(asks({"exactly": {"adminAccess": true}}))
}
