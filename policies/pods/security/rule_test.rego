package pods.security_test

import data.pods.security as rule

parameters := {
	"capabilities": ["NET_BIND_SERVICE"],
	"volumes": ["configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"],
}

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"kind": "Pod"}, "object": {"spec": spec}},
	"caller": {"relation": "owner"},
	"expansion": {"pods": [{"path": path, "metadata": {}, "spec": spec}], "oldPods": []},
	"parameters": parameters,
}

hardened := {
	"securityContext": {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}},
	"containers": [{"name": "c", "securityContext": closed}],
}

closed := {"allowPrivilegeEscalation": false, "capabilities": {"drop": ["ALL"]}}

templates := ["template", "spec.template", "spec.jobTemplate.spec.template"]

lists := ["containers", "initContainers", "ephemeralContainers"]

# with_pod and with_container lay a security context over a hardened Pod's.
with_pod(context) := object.union(hardened, {"securityContext": context})

with_container(context) := object.union(hardened, {"containers": [{"name": "c", "securityContext": object.union(closed, context)}]})

test_restricted_pods_pass if {
	every spec in [
		hardened,
		with_pod({"runAsUser": 1000, "seccompProfile": {"type": "Localhost", "localhostProfile": "p"}}),
		with_container({"runAsUser": 7, "runAsNonRoot": true, "privileged": false, "seccompProfile": {"type": "Localhost"}}),
		with_container({"capabilities": {"drop": ["NET_RAW", "ALL"], "add": ["NET_BIND_SERVICE"]}}),
		with_container({"capabilities": {"add": null}, "privileged": null, "runAsUser": null, "seccompProfile": null}),
		object.union(hardened, {"volumes": [{"name": "v", type: {}} | some type in parameters.volumes]}),
		object.union(hardened, {"volumes": [{"name": "v", "emptyDir": {}, "hostPath": null}, {"name": "w"}]}),
	] {
		every path in array.concat(templates, [""]) {
			count(rule.deny) == 0 with input as review(path, spec)
		}
	}
}

test_containers_may_say_it_each if {
	each := object.union(closed, {"runAsNonRoot": true, "seccompProfile": {"type": "RuntimeDefault"}})
	count(rule.deny) == 0 with input as review("", {"containers": [{"name": "c", "securityContext": each}]})
	two := {"containers": [{"name": "c", "securityContext": each}], "initContainers": [{"name": "i", "securityContext": closed}]}
	rule.deny == {
		`spec.initContainers["i"].securityContext.runAsNonRoot is not set; Pods run restricted: true; set it`,
		`spec.initContainers["i"].securityContext.seccompProfile.type is not set; Pods run restricted: "Localhost", "RuntimeDefault"; set it`,
	} with input as review("", two)
}

test_what_a_template_leaves_out_is_filled_in_later if {
	every spec in [{}, {"containers": [{"name": "c"}]}, {"securityContext": null, "initContainers": [{"name": "c", "securityContext": {"capabilities": {"drop": []}}}]}] {
		every path in templates {
			count(rule.deny) == 0 with input as review(path, spec)
		}
	}
}

test_what_a_pod_leaves_out_is_missing if {
	every list in lists {
		said := {field |
			some msg in rule.deny with input as review("", {list: [{"name": "c"}]})
			startswith(msg, sprintf(`spec.%s["c"].securityContext.`, [list]))
			field := split(split(msg, "securityContext.")[1], " is not set")[0]
		}
		said == {"allowPrivilegeEscalation", "runAsNonRoot", "seccompProfile.type", "capabilities.drop"}
	}
	every odd in [null, "elsewhere", 7] {
		count(rule.deny) == 4 with input as review(odd, {"containers": [{"name": "c"}]})
	}
	count(rule.deny) == 1 with input as review("", with_container({"capabilities": {"drop": []}}))
	count(rule.deny) == 1 with input as review("", with_container({"capabilities": {"drop": null}}))
	count(rule.deny) == 1 with input as review("", with_container({"allowPrivilegeEscalation": null}))
	count(rule.deny) == 1 with input as review("", object.union(hardened, {"securityContext": {"runAsNonRoot": null}}))
	count(rule.deny) == 1 with input as review("", object.union(hardened, {"securityContext": {"seccompProfile": null}}))
}

test_what_is_said_is_judged_everywhere if {
	every context in [
		{"runAsNonRoot": false}, {"runAsNonRoot": "true"}, {"runAsUser": 0}, {"runAsUser": -1}, {"runAsUser": "1000"},
		{"seccompProfile": {"type": "Unconfined"}}, {"seccompProfile": {"type": ""}}, {"seccompProfile": {"type": ["RuntimeDefault"]}},
		{"seccompProfile": {"type": null}},
	] {
		every path in templates {
			count(rule.deny) == 1 with input as review(path, with_pod(context))
			count(rule.deny) == 1 with input as review(path, with_container(context))
		}
		count(rule.deny) >= 1 with input as review("", with_pod(context))
		count(rule.deny) == 1 with input as review("", with_container(context))
	}
}

test_containers_of_every_list if {
	every context in [
		{"privileged": true}, {"privileged": "false"}, {"allowPrivilegeEscalation": true}, {"allowPrivilegeEscalation": 0},
		{"capabilities": {"add": ["SYS_ADMIN"]}}, {"capabilities": {"add": ["ALL"]}}, {"capabilities": {"add": ["net_bind_service"]}},
		{"capabilities": {"add": [7]}}, {"capabilities": {"drop": ["NET_RAW"]}}, {"capabilities": {"drop": ["all"]}},
		{"capabilities": {"drop": [["ALL"]]}}, {"runAsUser": 0}, {"seccompProfile": {"type": "Unconfined"}},
	] {
		every list in lists {
			every path in array.concat(templates, [""]) {
				spec := object.union(object.remove(hardened, ["containers"]), {list: [{"name": "c", "securityContext": object.union(closed, context)}]})
				count(rule.deny) == 1 with input as review(path, spec)
			}
		}
	}
}

test_volumes if {
	every volume in [
		{"name": "v", "hostPath": {"path": "/"}}, {"name": "v", "nfs": {}}, {"name": "v", "iscsi": {}}, {"name": "v", "gitRepo": {}},
		{"name": "v", "flexVolume": {}}, {"name": "v", "new-type": {}},
		{"name": "v", "emptyDir": {}, "hostPath": {"path": "/"}},
	] {
		every path in array.concat(templates, [""]) {
			count(rule.deny) == 1 with input as review(path, object.union(hardened, {"volumes": [volume]}))
		}
	}
}

test_windows_and_user_namespaces if {
	windows := {"os": {"name": "windows"}, "securityContext": {"runAsNonRoot": true}, "containers": [{"name": "c"}]}
	count(rule.deny) == 0 with input as review("", windows)
	count(rule.deny) == 3 with input as review("", object.union(windows, {"os": {"name": "linux"}}))
	count(rule.deny) == 3 with input as review("", object.union(windows, {"os": "windows"}))
	count(rule.deny) == 1 with input as review("", object.union(windows, {"securityContext": {"runAsNonRoot": null}}))
	said := {"allowPrivilegeEscalation": true, "capabilities": {"add": ["X"], "drop": ["Y"]}, "seccompProfile": {"type": "Z"}}
	count(rule.deny) == 0 with input as review("spec.template", object.union(windows, {"containers": [{"name": "c", "securityContext": said}]}))
	root := object.union(with_pod({"runAsNonRoot": false, "runAsUser": 0}), {"hostUsers": false})
	count(rule.deny) == 0 with input as review("", root)
	every shared in [true, null, "false", 0] {
		count(rule.deny) == 2 with input as review("", object.union(root, {"hostUsers": shared}))
	}
	image := {"hostUsers": false, "securityContext": {"seccompProfile": {"type": "RuntimeDefault"}}, "containers": hardened.containers}
	count(rule.deny) == 0 with input as review("", image)
	every shared in [true, null, "false", 0] {
		count(rule.deny) == 1 with input as review("", object.union(image, {"hostUsers": shared}))
	}
}

test_odd_shapes_are_denied if {
	every spec in [
		null, "x", ["x"], {"containers": "x"}, {"containers": [null]}, {"volumes": ["x"]}, {"securityContext": "x"},
		{"securityContext": {"seccompProfile": "RuntimeDefault"}}, {"containers": [{"name": "c", "securityContext": ["x"]}]},
		{"containers": [{"name": "c", "securityContext": {"capabilities": ["ALL"]}}]},
		{"containers": [{"name": "c", "securityContext": {"capabilities": {"drop": "ALL"}}}]},
		{"containers": [{"name": "c", "securityContext": {"capabilities": {"add": {"a": "SYS_ADMIN"}}}}]},
	] {
		count(rule.deny) >= 1 with input as review("spec.template", spec)
		count(rule.deny) >= 1 with input as review("", spec)
	}
	count(rule.deny) == 1 with input as {}
}

test_nothing_listed_nothing_allowed if {
	bare := object.remove(review("", object.union(with_container({"capabilities": {"add": ["NET_BIND_SERVICE"]}}), {"volumes": [{"name": "v", "emptyDir": {}}]})), ["parameters"])
	count(rule.deny) == 2 with input as bare
}

test_only_a_change_of_what_people_ask_for_is_judged if {
	wrong := review("", {"containers": [{"name": "c"}]})
	count(rule.deny) == 0 with input as object.union(wrong, {"caller": {"relation": "system", "role": "system"}})
	count(rule.deny) == 0 with input as object.union(wrong, {"request": {"operation": "UPDATE", "subResource": "status"}})
	count(rule.deny) == 4 with input as object.union(wrong, {"request": {"operation": "UPDATE", "subResource": "ephemeralcontainers"}})
	count(rule.deny) == 4 with input as object.union(wrong, {"request": {"operation": "UPDATE", "subResource": "resize"}})
	kept := object.union(wrong, {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": wrong.expansion.pods}})
	count(rule.deny) == 0 with input as kept
}

test_messages if {
	rule.deny == {
		`spec.template.spec.containers["c"].securityContext.privileged is true; Pods run restricted: false; correct it, or leave it out`,
		`spec.template.spec.containers["c"].securityContext.runAsUser is 0; Pods run restricted: the number of a user that is not root; correct it, or leave it out`,
		`spec.template.spec.containers["c"].securityContext.seccompProfile.type is "Un\nconfined"; Pods run restricted: "Localhost", "RuntimeDefault"; correct it, or leave it out`,
		`spec.template.spec.containers["c"].securityContext.capabilities adds "X"; capabilities that may be added: "NET_BIND_SERVICE"; leave it out`,
		`spec.template.spec.containers["c"].securityContext.capabilities drops "Y"; every container drops "ALL"; drop that, or leave capabilities.drop out`,
		`spec.template.spec.volumes["v"] is of type "nfs"; volumes of one of the types "configMap", "csi", "downwardAPI", "emptyDir", "ephemeral", "image", "persistentVolumeClaim", "projected", "secret"; take another type`,
	} with input as review("spec.template", {
		"containers": [{"name": "c", "securityContext": {
			"privileged": true, "runAsUser": 0, "seccompProfile": {"type": "Un\nconfined"},
			"capabilities": {"add": ["X"], "drop": ["Y"]},
		}}],
		"volumes": [{"name": "v", "nfs": {}}],
	})
}

# What one Pod of an object may, its neighbour may not.
test_each_container_is_judged_with_its_own_pod if {
	rooted := {"containers": [{"name": "c", "securityContext": {"runAsUser": 0}}]}
	alone := object.union(rooted, {"hostUsers": false})
	both := {"expansion": {"pods": [
		{"path": "spec.a", "metadata": {}, "spec": alone},
		{"path": "spec.b", "metadata": {}, "spec": {"containers": []}},
	]}}
	beside := {"expansion": {"pods": [
		{"path": "spec.a", "metadata": {}, "spec": {"hostUsers": false, "containers": []}},
		{"path": "spec.b", "metadata": {}, "spec": rooted},
	]}}
	not any_root(both)
	any_root(beside)
}

any_root(of) if {
	some msg in rule.deny with input as object.union(review("", {}), of)
	contains(msg, "runAsUser is 0")
}
