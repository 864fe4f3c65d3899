package lib.pods_test

import data.lib.pods

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"kind": "Pod"}},
	"expansion": {"pods": [{"path": path, "spec": spec}], "oldPods": []},
}

update(new, old) := {
	"request": {"operation": "UPDATE", "subResource": ""},
	"expansion": {"pods": [{"path": "", "spec": new}], "oldPods": [{"path": "", "spec": old}]},
}

test_judged_unless_kept_or_elsewhere if {
	pods.judged with input as {}
	pods.judged with input as review("", {})
	pods.judged with input as update({"a": 1}, {"a": 2})
	not pods.judged with input as update({"a": 1}, {"a": 1})
	not pods.judged with input as {"caller": {"relation": "system", "role": "system"}}
	not pods.judged with input as {"request": {"subResource": "status"}}
	every part in ["ephemeralcontainers", "resize", null, 7] {
		pods.judged with input as {"request": {"subResource": part}}
	}
	lying := object.union(update({"a": 1}, {"a": 1}), {"request": {"operation": "CREATE"}})
	pods.judged with input as lying
	pods.judged with input as {"request": {"operation": "UPDATE"}, "expansion": {"pods": [], "oldPods": []}}
}

test_specs_of_every_path if {
	pods.specs == [["spec", {"a": 1}]] with input as review("", {"a": 1})
	pods.specs == [["spec.template.spec", {"a": 1}]] with input as review("spec.template", {"a": 1})
	pods.specs == [["spec", null]] with input as review(7, null)
	pods.named(["spec.template.spec", {"a": 1}]) == "spec.template.spec"
	pods.old_specs == [["spec", 2]] with input as update(1, 2)
	pods.old_specs == [] with input as review("", {})
	pods.old_specs == [] with input as object.union(update(1, 2), {"request": {"operation": "CREATE"}})
}

test_containers_and_volumes if {
	spec := {
		"containers": [{"name": "a"}],
		"initContainers": [{"name": "b"}],
		"ephemeralContainers": [{"name": "c"}],
		"volumes": [{"name": "v"}],
	}
	found := pods.containers with input as review("", spec)
	{pods.named(owner) | some owner in found} == {
		`spec.containers["a"]`,
		`spec.initContainers["b"]`,
		`spec.ephemeralContainers["c"]`,
	}
	volumes := pods.volumes with input as review("", spec)
	[pods.volume_place(where, volume) | some [where, volume] in volumes] == [`spec.volumes["v"]`]
	count(pods.unreadable) == 0 with input as review("", spec)
}

test_too_many_are_denied_unseen if {
	many := [{"name": "c"} | some _ in split(sprintf("%0256d", [0]), "")]
	count(many) == 256
	count(pods.unreadable) == 0 with input as review("", {"containers": many})
	more := array.concat(many, [{"name": "c"}])
	pods.unreadable == {"spec.containers has 257 entries; at most 256; use more Pods"} with input as review("", {"containers": more})
	found := pods.containers with input as review("", {"containers": more})
	count(found) == 256
	pods.unreadable == {"spec.volumes has 257 entries; at most 256; use more Pods"} with input as review("", {"volumes": more})
	volumes := pods.volumes with input as review("", {"volumes": more})
	count(volumes) == 256
	pods.unreadable == {"spec.tolerations has 257 entries; at most 256; use more Pods"} with input as review("", {"tolerations": more})
}

test_what_cannot_be_read_is_named if {
	every spec in [
		null,
		"x",
		["x"],
		{"containers": {}},
		{"containers": "x"},
		{"initContainers": 7},
		{"ephemeralContainers": [7]},
		{"containers": [null]},
		{"volumes": {"a": 1}},
		{"volumes": ["x"]},
	] {
		count(pods.unreadable) == 1 with input as review("spec.template", spec)
	}
	some none in pods.unreadable with input as {}
	startswith(none, `the pods of this "object" were not worked out`)
	every list in [[], null, "x", 7] {
		count(pods.unreadable) == 1 with input as {"expansion": {"pods": list}}
	}
	count(pods.unreadable) == 1 with input as {"expansion": {"pods": [7]}}
}
