package quota.compute_test

import data.quota.compute as rule

pod(requests) := {
	"request": {"operation": "CREATE", "object": {"kind": "Pod"}},
	"expansion": {"pods": [{"path": "", "spec": {}, "requests": requests}]},
}

test_what_is_requested_is_demanded if {
	rule.demand == {"pods": 1, "cpu": 1.5, "memory": 1073741824, "ephemeral-storage": 0} with input as pod({"cpu": 1.5, "memory": 1073741824})
	rule.demand == {"pods": 1, "cpu": 0, "memory": 0, "ephemeral-storage": 0} with input as pod({})
	rule.demand["ephemeral-storage"] == 5 with input as pod({"ephemeral-storage": 5})
}

test_devices_are_demanded_where_there_are_some if {
	rule.demand.gpu == 3 with input as pod({"nvidia.com/gpu": 2, "example.com/npu": 1})
	not "gpu" in object.keys(rule.demand) with input as pod({"nvidia.com/gpu": 0})
}

test_a_pod_that_ended_holds_nothing if {
	every phase in ["Succeeded", "Failed"] {
		rule.demand == {} with input as object.union(pod({"cpu": 1}), {"request": {"object": {"status": {"phase": phase}}}})
	}
	every phase in ["Pending", "Running", "Unknown", 7] {
		rule.demand.cpu == 1 with input as object.union(pod({"cpu": 1}), {"request": {"object": {"status": {"phase": phase}}}})
	}
}

test_what_cannot_be_read_is_denied if {
	count(rule.deny) == 0 with input as pod({})
	every odd in [{}, {"expansion": {}}, {"expansion": {"pods": []}}, pod(null), pod("x"), {"expansion": {"pods": [{"path": ""}]}}] {
		count(rule.deny) == 1 with input as odd
		rule.demand == {} with input as odd
	}
}

test_status_is_not_judged if {
	every part in ["status", "binding"] {
		count(rule.deny) == 0 with input as {"request": {"subResource": part}, "expansion": {"pods": []}}
	}
	every part in ["", "resize", "ephemeralcontainers", null, 7] {
		count(rule.deny) == 1 with input as {"request": {"subResource": part}, "expansion": {"pods": []}}
	}
}

test_what_becomes_a_pod_later_is_not_judged if {
	every kind in ["Deployment", "ResearchSession"] {
		count(rule.deny) == 0 with input as {"request": {"kind": {"kind": kind}}, "expansion": {"pods": [{"path": "spec.template"}]}}
	}
	every kind in ["Pod", null] {
		count(rule.deny) == 1 with input as {"request": {"kind": {"kind": kind}}, "expansion": {"pods": []}}
	}
}
