package pods.placement_test

import data.pods.placement

parameters := {
	"tolerations": ["node.kubernetes.io/not-ready", "nvidia.com/gpu"],
	"priorityClasses": ["batch"],
	"runtimeClasses": ["gvisor"],
	"schedulers": ["default-scheduler"],
}

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"kind": "Pod"}},
	"caller": {"relation": "owner"},
	"expansion": {"pods": [{"path": path, "spec": spec}], "oldPods": []},
	"parameters": parameters,
}

changed(new, old) := object.union(
	review("", new),
	{"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [{"path": "", "spec": old}]}},
)

test_pods_left_to_the_scheduler_pass if {
	every spec in [
		{},
		{"nodeName": "", "tolerations": null, "priorityClassName": "", "runtimeClassName": null},
		{"tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists"}]},
		{"priorityClassName": "batch", "runtimeClassName": "gvisor", "schedulerName": "default-scheduler"},
	] {
		every path in ["", "spec.template"] {
			count(placement.deny) == 0 with input as review(path, spec)
		}
	}
}

test_others_do_not if {
	every spec in [
		{"nodeName": "node-1"},
		{"nodeName": 7},
		{"nodeName": ["node-1"]},
		{"tolerations": [{"operator": "Exists"}]},
		{"tolerations": [{"key": "", "operator": "Exists"}]},
		{"tolerations": [{"key": "node-role.kubernetes.io/control-plane", "operator": "Exists"}]},
		{"tolerations": [{"key": "node.kubernetes.io/not-ready"}, {"key": 7}]},
		{"priorityClassName": "system-node-critical"},
		{"priorityClassName": ["batch"]},
		{"runtimeClassName": "runc-privileged"},
		{"runtimeClassName": 7},
		{"schedulerName": "mine"},
	] {
		every path in ["", "spec.template"] {
			count(placement.deny) == 1 with input as review(path, spec)
		}
	}
	every spec in [
		{"tolerations": [{"key": "nvidia.com/gpu"}]}, {"priorityClassName": "batch"},
		{"runtimeClassName": "gvisor"}, {"schedulerName": "default-scheduler"},
	] {
		count(placement.deny) == 1 with input as object.remove(review("", spec), ["parameters"])
	}
}

test_odd_shapes_are_denied if {
	every spec in [null, "x", ["x"], {"tolerations": "x"}, {"tolerations": {"key": "x"}}, {"tolerations": ["x"]}] {
		count(placement.deny) > 0 with input as review("", spec)
	}
	count(placement.deny) == 1 with input as {}
}

test_a_placed_pod_stays_where_it_is if {
	count(placement.deny) == 0 with input as changed({"nodeName": "node-1", "a": 1}, {"nodeName": "node-1"})
	count(placement.deny) == 1 with input as changed({"nodeName": "node-2"}, {"nodeName": "node-1"})
	count(placement.deny) == 1 with input as changed({"nodeName": "node-1"}, {})
	count(placement.deny) == 0 with input as changed({"runtimeClassName": "x"}, {"runtimeClassName": "x"})
	count(placement.deny) == 1 with input as changed({"tolerations": [{"operator": "Exists"}]}, {"tolerations": []})
}

bind(object, relation) := {
	"request": {"operation": "CREATE", "name": "p", "subResource": "binding", "kind": {"kind": "Binding"}, "object": object},
	"caller": {"relation": relation, "role": relation},
}

test_bindings_are_the_schedulers if {
	count(placement.deny) == 0 with input as bind({"target": {"name": "node-1"}}, "system")
	every object in [{"target": {"name": "node-1"}}, {}, null, "x", {"target": "x"}] {
		every relation in ["owner", "org-admin", "", null] {
			count(placement.deny) == 1 with input as bind(object, relation)
		}
	}
}

test_a_binding_has_no_pods_to_judge if {
	kept := object.union(bind({"target": {"name": "n"}}, "owner"), {"request": {"subResource": ""}})
	count(placement.deny) == 1 with input as kept
}

test_messages if {
	some every_taint in placement.deny with input as review("", {"tolerations": [{"operator": "Exists"}]})
	startswith(every_taint, `spec.tolerations[0] tolerates every taint; taints that may be tolerated: "node.kubernetes.io/not-ready", "nvidia.com/gpu"; `)
	some other in placement.deny with input as review("", {"tolerations": [{"key": "x"}]})
	startswith(other, `spec.tolerations[0] tolerates "x"; `)
	some shape in placement.deny with input as review("", {"tolerations": ["x"]})
	startswith(shape, "spec.tolerations is not of a shape that can be judged; it is a list of objects; ")
	some class in placement.deny with input as review("spec.template", {"priorityClassName": "a\nb"})
	startswith(class, `spec.template.spec.priorityClassName is "a\nb"; nothing, or one of: "batch"; `)
	some binding in placement.deny with input as bind({"target": {"name": "node-1"}}, "owner")
	startswith(binding, `a Binding puts "p" on node "node-1"; the scheduler places Pods; `)
}
