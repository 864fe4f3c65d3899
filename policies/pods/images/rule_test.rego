package pods.images_test

import data.pods.images as rule

tier := {"name": "standard", "imageRepositories": ["registry.k8s.io/*", "docker.io/library/busybox"]}

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"kind": "Pod"}},
	"caller": {"relation": "owner"},
	"tier": tier,
	"expansion": {"pods": [{"path": path, "spec": spec}], "oldPods": []},
	"parameters": {"repositories": ["quay.io/shared/tool"]},
}

runs(image) := review("", {"containers": [{"name": "c", "image": image}]})

test_listed_repositories_pass if {
	every image in [
		"registry.k8s.io/pause", "registry.k8s.io/sig/pause:3.10", "busybox", "docker.io/busybox:1",
		"registry.k8s.io/pause@sha256:0123456789abcdef0123456789abcdef", "quay.io/shared/tool:1",
	] {
		count(rule.deny) == 0 with input as runs(image)
	}
	every spec in [{}, {"volumes": [{"name": "e", "emptyDir": {}}]}, {"volumes": [{"name": "i", "image": {"reference": "registry.k8s.io/data:1"}}]}] {
		count(rule.deny) == 0 with input as review("spec.template", spec)
	}
}

test_others_do_not if {
	every image in [
		"registry.k8s.io.evil.com/pause", "registry.k8s.io/../evil", "registry.k8s.io:443/pause", "Registry.k8s.io/pause",
		"registry.k8s.io", "registry.k8s.io/", "evil.com/registry.k8s.io/pause", "evil", "bitnami/redis",
		"quay.io/shared/tool/more", "quay.io/shared/toolbox", "", null, 7, ["registry.k8s.io/pause"], {"a": 1},
	] {
		every list in ["containers", "initContainers", "ephemeralContainers"] {
			count(rule.deny) == 1 with input as review("spec.template", {list: [{"name": "c", "image": image}]})
		}
		count(rule.deny) == 1 with input as review("", {"volumes": [{"name": "i", "image": {"reference": image}}]})
	}
	count(rule.deny) == 1 with input as review("", {"containers": [{"name": "c"}]})
	count(rule.deny) == 1 with input as review("", {"volumes": [{"name": "i", "image": {}}]})
}

test_odd_shapes_are_denied if {
	every spec in [
		null, "x", {"containers": "x"}, {"containers": {"a": 1}}, {"containers": ["x"]}, {"containers": [null]},
		{"volumes": "x"}, {"volumes": [{"name": "i", "image": "registry.k8s.io/pause"}]}, {"volumes": [{"image": []}]},
	] {
		count(rule.deny) > 0 with input as review("", spec)
	}
	count(rule.deny) == 1 with input as {}
}

test_no_list_allows_none if {
	every odd in [null, {}, {"name": "standard"}, {"imageRepositories": []}, {"imageRepositories": null}] {
		changed := object.union(object.remove(runs("registry.k8s.io/pause"), ["tier"]), {"tier": odd})
		count(rule.deny) == 1 with input as changed
	}
	count(rule.deny) == 1 with input as object.remove(runs("registry.k8s.io/pause"), ["tier"])
	count(rule.deny) == 1 with input as object.remove(runs("quay.io/shared/tool"), ["parameters"])
}

test_only_a_change_is_judged if {
	old := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [{"path": "", "spec": {"containers": [{"name": "c", "image": "evil"}]}}]}}
	count(rule.deny) == 0 with input as object.union(runs("evil"), old)
	count(rule.deny) == 1 with input as object.union(runs("worse"), old)
}

test_messages if {
	rule.deny == {concat("; ", [
		`spec.containers["c"].image is "evil:1", that is "docker.io/library/evil"`,
		`repositories of tier "standard": "docker.io/library/busybox", "quay.io/shared/tool", "registry.k8s.io/*"`,
		"use an image from there, by its whole name, or ask the platform's administrators to list its repository",
	])} with input as runs("evil:1")
	some hidden in rule.deny with input as runs("x/docker.io/x")
	startswith(hidden, `spec.containers["c"].image is "x/docker.io/x", that is "docker.io/x/docker.io/x"; `)
	some whole in rule.deny with input as runs("evil.com/x:1")
	startswith(whole, `spec.containers["c"].image is "evil.com/x:1"; `)
	some none in rule.deny with input as object.remove(runs("x\ny"), ["tier"])
	startswith(none, `spec.containers["c"].image is "x\ny"; repositories of tier "none": "quay.io/shared/tool"; `)
}
