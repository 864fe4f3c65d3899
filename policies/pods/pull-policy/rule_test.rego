package pods["pull-policy_test"]

import data.pods["pull-policy"] as rule

digest := "@sha256:0123456789abcdef0123456789abcdef"

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"kind": "Pod"}},
	"caller": {"relation": "owner"},
	"expansion": {"pods": [{"path": path, "spec": spec}], "oldPods": []},
	"parameters": {"public": ["registry.k8s.io/*", "docker.io/library/busybox"]},
}

runs(image, policy) := review("", {"containers": [{"name": "c", "image": image, "imagePullPolicy": policy}]})

mounts(image, policy) := review("", {"volumes": [{"name": "v", "image": {"reference": image, "pullPolicy": policy}}]})

unsaid(image) := review("spec.template", {"initContainers": [{"name": "c", "image": image}]})

test_what_asks_the_registry_passes if {
	every image in ["ghcr.io/acme/private:1", "ghcr.io/acme/private", "registry.k8s.io/pause:3.10", concat("", ["ghcr.io/acme/private", digest])] {
		count(rule.deny) == 0 with input as runs(image, "Always")
		count(rule.deny) == 0 with input as mounts(image, "Always")
	}
	every image in ["ghcr.io/acme/private", "ghcr.io/acme/private:latest", "registry.k8s.io/pause:3.10", "busybox:1"] {
		count(rule.deny) == 0 with input as unsaid(image)
		count(rule.deny) == 0 with input as runs(image, "")
		count(rule.deny) == 0 with input as runs(image, null)
	}
}

test_what_is_nobodys_or_pinned_passes if {
	every image in ["registry.k8s.io/pause:3.10", "busybox", concat("", ["ghcr.io/acme/private", digest]), concat("", ["ghcr.io/acme/private:1", digest])] {
		every policy in ["IfNotPresent", null, ""] {
			count(rule.deny) == 0 with input as runs(image, policy)
			count(rule.deny) == 0 with input as mounts(image, policy)
		}
	}
	every spec in [{}, {"containers": []}, {"volumes": [{"name": "e", "emptyDir": {}}]}, {"volumes": [{"name": "e", "image": null}]}] {
		count(rule.deny) == 0 with input as review("", spec)
	}
}

test_what_is_cached_does_not if {
	every image in ["ghcr.io/acme/private:1", "registry.k8s.io.evil.com/pause:1", "busybox/more:1", "x@sha256:0", "", 7, null] {
		every policy in ["IfNotPresent", "", null] {
			every list in ["containers", "initContainers", "ephemeralContainers"] {
				count(rule.deny) == 1 with input as review("spec.template", {list: [{"name": "c", "image": image, "imagePullPolicy": policy}]})
			}
			count(rule.deny) == 1 with input as mounts(image, policy)
		}
	}
	count(rule.deny) == 1 with input as runs("ghcr.io/acme/private:latest", "IfNotPresent")
	count(rule.deny) == 1 with input as runs("ghcr.io/acme/private", "IfNotPresent")
}

test_never_and_odd_policies if {
	every image in ["registry.k8s.io/pause", "busybox:1", concat("", ["ghcr.io/acme/private", digest])] {
		every policy in ["Never", "never", "always", "IFNOTPRESENT", " ", 7, false, ["Always"], {"a": 1}] {
			count(rule.deny) == 1 with input as runs(image, policy)
			count(rule.deny) == 1 with input as mounts(image, policy)
		}
	}
}

test_odd_shapes_are_denied if {
	every spec in [
		null, "x", {"containers": "x"}, {"containers": ["x"]}, {"containers": [null]},
		{"volumes": "x"}, {"volumes": [{"name": "i", "image": "registry.k8s.io/pause"}]}, {"volumes": [{"image": []}]},
	] {
		count(rule.deny) > 0 with input as review("", spec)
	}
	count(rule.deny) == 1 with input as {}
}

test_without_a_list_nothing_is_public if {
	count(rule.deny) == 1 with input as object.remove(runs("registry.k8s.io/pause:3.10", "IfNotPresent"), ["parameters"])
	count(rule.deny) == 0 with input as object.remove(runs("registry.k8s.io/pause:3.10", "Always"), ["parameters"])
}

test_only_a_change_is_judged if {
	old := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [{"path": "", "spec": {"containers": [{"name": "c", "image": "busybox", "imagePullPolicy": "Never"}]}}]}}
	count(rule.deny) == 0 with input as object.union(runs("busybox", "Never"), old)
	count(rule.deny) == 1 with input as object.union(runs("busybox:2", "Never"), old)
}

test_messages if {
	rule.deny == {concat("; ", [
		`spec.containers["c"].imagePullPolicy is "Never" for image "busybox:1"`,
		`Always, or IfNotPresent for an image by its digest or of a public repository: "docker.io/library/busybox", "registry.k8s.io/*"`,
		"set imagePullPolicy: Always; nothing is downloaded that the node has",
	])} with input as runs("busybox:1", "Never")
	some msg in rule.deny with input as mounts("ghcr.io/acme/data:1", null)
	startswith(msg, `spec.volumes["v"].image.pullPolicy is not set, which stands for IfNotPresent, for image "ghcr.io/acme/data:1"; `)
}
