package quota["gpu-time_test"]

import data.quota["gpu-time"] as rule

pod(spec, requests) := {
	"request": {"operation": "CREATE", "object": {"kind": "Pod", "spec": spec}},
	"expansion": {"pods": [{"path": "", "spec": spec, "requests": requests}]},
	"parameters": {"undatedSeconds": 3600},
}

test_devices_times_the_deadline if {
	rule.demand == {"gpu-seconds": 1200} with input as pod({"activeDeadlineSeconds": 600}, {"nvidia.com/gpu": 2})
}

test_without_a_deadline_the_parameter_counts if {
	every spec in [{}, {"activeDeadlineSeconds": null}, {"activeDeadlineSeconds": "x"}, {"activeDeadlineSeconds": 0}, {"activeDeadlineSeconds": -5}] {
		rule.demand == {"gpu-seconds": 7200} with input as pod(spec, {"nvidia.com/gpu": 2})
	}
}

test_without_devices_nothing_is_demanded if {
	rule.demand == {} with input as pod({"activeDeadlineSeconds": 600}, {"cpu": 2})
	rule.demand == {} with input as pod({}, null)
	ended := object.union(pod({}, {"nvidia.com/gpu": 2}), {"request": {"object": {"status": {"phase": "Failed"}}}})
	rule.demand == {} with input as ended
}
