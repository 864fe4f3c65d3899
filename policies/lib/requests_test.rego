package lib.requests_test

import data.lib.requests

pod(amounts) := {"request": {"operation": "CREATE", "object": {}}, "expansion": {"pods": [{"path": "", "requests": amounts}]}}

test_amounts if {
	requests.amount("cpu") == 1.5 with input as pod({"cpu": 1.5})
	requests.amount("cpu") == 0 with input as pod({})
	requests.amount("cpu") == 0 with input as pod(null)
	requests.memory == 30 with input as pod({"memory": 10, "hugepages-2Mi": 20, "cpu": 1})
}

test_devices if {
	requests.devices == 3 with input as pod({"nvidia.com/gpu": 2, "example.com/npu": 1, "attachable.kubernetes.io/x": 4, "kubernetes.io/y": 5, "cpu": 6})
	requests.devices == 1 with input as pod({"evilkubernetes.io/gpu": 1})
	requests.devices == 0 with input as pod({})
}

test_readable if {
	requests.readable with input as pod({})
	every odd in [{}, {"expansion": null}, {"expansion": {"pods": []}}, pod(null), pod("x"), {"expansion": {"pods": [{}]}}] {
		not requests.readable with input as odd
		not requests.holds with input as odd
	}
}

test_holds_until_it_ends if {
	every phase in ["Pending", "Running", "Unknown", null, 7] {
		requests.holds with input as object.union(pod({}), {"request": {"object": {"status": {"phase": phase}}}})
	}
	every phase in ["Succeeded", "Failed"] {
		not requests.holds with input as object.union(pod({}), {"request": {"object": {"status": {"phase": phase}}}})
	}
}
