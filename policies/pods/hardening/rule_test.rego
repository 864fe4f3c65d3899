package pods.hardening_test

import data.pods.hardening as rule

ids := {"runAsUser": 1000, "runAsGroup": 1000, "fsGroup": 1000}

review(spec) := {
	"request": {"operation": "CREATE", "subResource": "", "object": {"spec": spec}},
	"parameters": ids,
}

debug(spec, old) := {
	"request": {"operation": "UPDATE", "subResource": "ephemeralcontainers", "object": {"spec": spec}, "oldObject": {"spec": old}},
	"parameters": ids,
}

found(set) := {entry.path: entry.value | some entry in set}

pod := {
	"/spec/securityContext/runAsNonRoot": true,
	"/spec/securityContext/runAsUser": 1000,
	"/spec/securityContext/runAsGroup": 1000,
	"/spec/securityContext/fsGroup": 1000,
	"/spec/securityContext/seccompProfile": {"type": "RuntimeDefault"},
}

of(path) := {
	sprintf("%s/securityContext/allowPrivilegeEscalation", [path]): false,
	sprintf("%s/securityContext/capabilities/drop", [path]): ["ALL"],
}

test_all_of_a_new_pod if {
	found(rule.mutate) == pod with input as review({})
	whole := object.union(object.union(pod, of("/spec/containers/0")), object.union(of("/spec/containers/1"), of("/spec/initContainers/0")))
	found(rule.mutate) == whole with input as review({"containers": [{"name": "a"}, {"name": "b"}], "initContainers": [{"name": "i"}]})
	found(rule.mutate) == pod with input as review({"ephemeralContainers": [{"name": "e"}]})
}

test_a_parameter_that_is_missing_sets_nothing if {
	found(rule.mutate) == object.remove(pod, ["/spec/securityContext/fsGroup"]) with input as object.union(
		{"parameters": object.remove(ids, ["fsGroup"])},
		object.remove(review({}), ["parameters"]),
	)
}

test_only_new_pods if {
	every change in [
		{"operation": "UPDATE"}, {"operation": "DELETE"}, {"operation": "UPDATE", "subResource": "resize"}, {"subResource": "binding"},
		{"subResource": "eviction"}, {"operation": "UPDATE", "subResource": "status"}, {"subResource": "ephemeralcontainers"},
	] {
		spec := {"containers": [{"name": "c"}], "ephemeralContainers": [{"name": "e"}]}
		count(rule.mutate) == 0 with input as object.union(review(spec), {"request": change})
	}
}

test_debug_containers_when_they_are_added if {
	one := {"containers": [{"name": "c"}], "ephemeralContainers": [{"name": "e"}]}
	two := {"containers": [{"name": "c"}], "ephemeralContainers": [{"name": "e"}, {"name": "f"}]}
	found(rule.mutate) == of("/spec/ephemeralContainers/0") with input as debug(one, {})
	found(rule.mutate) == of("/spec/ephemeralContainers/1") with input as debug(two, one)
	count(rule.mutate) == 0 with input as debug(one, one)
	every odd in [null, "x", {"ephemeralContainers": "x"}, {"ephemeralContainers": ["x"]}] {
		found(rule.mutate) == of("/spec/ephemeralContainers/0") with input as debug(one, odd)
	}
}

test_what_contradicts_the_author_is_left_to_be_denied if {
	every context in [{"privileged": true}, {"capabilities": {"add": ["SYS_ADMIN"]}}, {"capabilities": {"add": ["X", "CAP_SYS_ADMIN"]}}] {
		left := object.remove(of("/spec/containers/0"), ["/spec/containers/0/securityContext/allowPrivilegeEscalation"])
		found(rule.mutate) == object.union(pod, left) with input as review({"containers": [{"securityContext": context}]})
	}
	every context in [{"privileged": false}, {"capabilities": {"add": ["NET_BIND_SERVICE"]}}, {"capabilities": "x"}] {
		found(rule.mutate) == object.union(pod, of("/spec/containers/0")) with input as review({"containers": [{"securityContext": context}]})
	}
}

test_windows_and_user_namespaces if {
	found(rule.mutate) == {"/spec/securityContext/runAsNonRoot": true} with input as review({"os": {"name": "windows"}, "containers": [{"name": "c"}]})
	own := object.union({"/spec/securityContext/seccompProfile": {"type": "RuntimeDefault"}}, of("/spec/containers/0"))
	found(rule.mutate) == own with input as review({"hostUsers": false, "containers": [{"name": "c"}]})
	found(rule.mutate) == pod with input as review({"hostUsers": true, "os": {"name": "linux"}})
}

test_odd_shapes if {
	every spec in [null, "x", ["x"], {"containers": "x"}, {"containers": {"a": {}}}] {
		found(rule.mutate) == pod with input as review(spec)
	}
	found(rule.mutate) == object.union(pod, of("/spec/containers/0")) with input as review({"containers": ["x"]})
}
