package pods["host-access_test"]

import data.pods["host-access"] as rule

parameters := {"capabilities": ["NET_BIND_SERVICE"], "sysctls": ["net.ipv4.ping_group_range"]}

review(path, spec) := {
	"request": {"operation": "CREATE", "subResource": "", "kind": {"kind": "Pod"}, "object": {"metadata": {"name": "p"}, "spec": spec}},
	"caller": {"relation": "owner"},
	"expansion": {"pods": [{"path": path, "metadata": {}, "spec": spec}], "oldPods": []},
	"parameters": parameters,
}

with_container(fields) := {"containers": [object.union({"name": "c"}, fields)]}

secured(context) := with_container({"securityContext": context})

annotated(annotations) := object.union(review("", {}), {"request": {"object": {"metadata": {"annotations": annotations}}}})

test_ordinary_pods_pass if {
	every spec in [
		{},
		{"hostNetwork": false, "hostPID": null, "hostUsers": false, "securityContext": null},
		{"securityContext": {"sysctls": [{"name": "net.ipv4.ping_group_range", "value": "0 0"}], "seccompProfile": {"type": "RuntimeDefault"}}},
		{"volumes": [{"name": "e", "emptyDir": {}}]},
		with_container({"ports": [{"containerPort": 80}, {"containerPort": 81, "hostPort": 0}], "securityContext": null}),
		with_container({"livenessProbe": {"httpGet": {"port": 80, "host": ""}}, "lifecycle": {"preStop": {"exec": {"command": ["x"]}}}}),
		secured({"privileged": false, "procMount": "Default", "capabilities": {"add": ["NET_BIND_SERVICE"], "drop": ["ALL"]}}),
		secured({"seLinuxOptions": {"type": "container_t", "level": "s0"}, "appArmorProfile": {"type": "RuntimeDefault"}}),
		secured({"capabilities": {"add": null}, "windowsOptions": {"hostProcess": false}}),
	] {
		every path in ["", "spec.template"] {
			count(rule.deny) == 0 with input as review(path, spec)
		}
	}
}

test_the_host_is_out_of_reach if {
	every spec in [
		{"hostNetwork": true},
		{"hostPID": true},
		{"hostIPC": true},
		{"hostNetwork": "true"},
		{"hostPID": 1},
		{"volumes": [{"name": "h", "hostPath": {"path": "/"}}]},
		{"volumes": [{"name": "h", "hostPath": "x"}]},
		{"securityContext": {"sysctls": [{"name": "kernel.msgmax", "value": "1"}]}},
		{"securityContext": {"sysctls": ["kernel.msgmax"]}},
		{"securityContext": {"sysctls": [{"name": 7}]}},
		{"securityContext": {"seccompProfile": {"type": "Unconfined"}}},
		{"securityContext": {"appArmorProfile": {"type": "Unconfined"}}},
		{"securityContext": {"windowsOptions": {"hostProcess": true}}},
		{"securityContext": {"seLinuxOptions": {"type": "spc_t"}}},
	] {
		every path in ["", "spec.template"] {
			count(rule.deny) == 1 with input as review(path, spec)
		}
	}
}

test_containers_of_every_list if {
	every fields in [
		{"securityContext": {"privileged": true}},
		{"securityContext": {"privileged": "true"}},
		{"securityContext": {"procMount": "Unmasked"}},
		{"securityContext": {"capabilities": {"add": ["SYS_ADMIN"]}}},
		{"securityContext": {"capabilities": {"add": ["ALL"]}}},
		{"securityContext": {"capabilities": {"add": ["net_bind_service"]}}},
		{"securityContext": {"capabilities": {"add": [7]}}},
		{"securityContext": {"seLinuxOptions": {"user": "root"}}},
		{"securityContext": {"seLinuxOptions": {"role": "admin"}}},
		{"securityContext": {"seccompProfile": {"type": ["RuntimeDefault"]}}},
		{"ports": [{"hostPort": 80}]},
		{"ports": [{"hostPort": "80"}]},
		{"livenessProbe": {"httpGet": {"host": "169.254.169.254"}}},
		{"startupProbe": {"tcpSocket": {"host": "10.0.0.1"}}},
		{"lifecycle": {"postStart": {"httpGet": {"host": "10.0.0.1"}}}},
	] {
		every list in ["containers", "initContainers", "ephemeralContainers"] {
			count(rule.deny) == 1 with input as review("", {list: [object.union({"name": "c"}, fields)]})
		}
	}
}

bare(spec) := object.remove(review("", spec), ["parameters"])

test_nothing_listed_nothing_allowed if {
	count(rule.deny) == 1 with input as bare(secured({"capabilities": {"add": ["NET_BIND_SERVICE"]}}))
	count(rule.deny) == 1 with input as bare({"securityContext": {"sysctls": [{"name": "net.ipv4.ping_group_range"}]}})
}

test_odd_shapes_are_denied if {
	every spec in [
		null, "x", ["x"], {"containers": "x"}, {"containers": ["x"]}, {"containers": [null]}, {"volumes": ["x"]},
		{"securityContext": "x"}, {"securityContext": ["x"]}, {"securityContext": {"sysctls": "x"}},
		{"securityContext": {"sysctls": {"name": "x"}}}, {"securityContext": {"seccompProfile": "Unconfined"}},
		secured("privileged"), secured(["x"]), secured({"capabilities": ["SYS_ADMIN"]}),
		secured({"capabilities": {"add": "SYS_ADMIN"}}), secured({"capabilities": {"add": {"a": "SYS_ADMIN"}}}),
		secured({"seLinuxOptions": "x"}), secured({"windowsOptions": 7}), secured({"appArmorProfile": ["x"]}),
		with_container({"ports": "80"}), with_container({"ports": [80]}), with_container({"ports": {"a": {"hostPort": 80}}}),
	] {
		count(rule.deny) == 1 with input as review("", spec)
	}
	count(rule.deny) == 1 with input as {}
}

test_annotations if {
	every annotations in [
		null,
		{},
		{"container.apparmor.security.beta.kubernetes.io/c": "runtime/default"},
		{"container.apparmor.security.beta.kubernetes.io/c": "localhost/mine"},
		{"seccomp.security.alpha.kubernetes.io/pod": "docker/default"},
		{"container.seccomp.security.alpha.kubernetes.io/c": "runtime/default"},
		{"example.com/mode": "unconfined"},
		{"example.com/container.apparmor.security.beta.kubernetes.io/c": "unconfined"},
		{"example.com/seccomp.security.alpha.kubernetes.io/pod": "unconfined"},
		{"example.com/container.seccomp.security.alpha.kubernetes.io/c": "unconfined"},
	] {
		count(rule.deny) == 0 with input as annotated(annotations)
	}
	every annotations in [
		{"kubernetes.io/config.mirror": "x"},
		{"kubernetes.io/config.mirror": ""},
		{"kubernetes.io/config.source": "file"},
		{"container.apparmor.security.beta.kubernetes.io/c": "unconfined"},
		{"container.apparmor.security.beta.kubernetes.io/c": 7},
		{"seccomp.security.alpha.kubernetes.io/pod": "unconfined"},
		{"seccomp.security.alpha.kubernetes.io/pod": "not-localhost/x"},
		{"container.seccomp.security.alpha.kubernetes.io/c": "unconfined"},
		"x",
		["x"],
	] {
		count(rule.deny) == 1 with input as annotated(annotations)
		template := {"pods": [{"path": "spec.template", "metadata": {"annotations": annotations}, "spec": {}}]}
		count(rule.deny) == 1 with input as object.union(review("", {}), {"expansion": template})
	}
	mirror := annotated({"kubernetes.io/config.mirror": "x"})
	itself := {"expansion": {"pods": [{"path": "", "metadata": mirror.request.object.metadata, "spec": {}}]}}
	count(rule.deny) == 1 with input as object.union(mirror, itself)
	status := {"request": {"operation": "UPDATE", "subResource": "status"}, "expansion": {"pods": []}}
	count(rule.deny) == 1 with input as object.union(mirror, status)
	kept := {"request": {"operation": "UPDATE", "oldObject": mirror.request.object}}
	count(rule.deny) == 0 with input as object.union(mirror, kept)
	count(rule.deny) == 0 with input as object.union(mirror, {"caller": {"relation": "system", "role": "system"}})
}

test_only_a_change_is_judged if {
	template := {"path": "spec.template", "metadata": {"annotations": {"kubernetes.io/config.mirror": "x"}}, "spec": {}}
	made := object.union(review("", {}), {"expansion": {"pods": [template]}})
	some msg in rule.deny with input as made
	startswith(msg, `the template's metadata.annotations holds "kubernetes.io/config.mirror": "x"; `)
	scaled := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [template]}}
	count(rule.deny) == 0 with input as object.union(made, scaled)
	bare := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [object.remove(template, ["metadata"])]}}
	count(rule.deny) == 1 with input as object.union(made, bare)
	lying := {"request": {"operation": "CREATE"}, "expansion": {"oldPods": [template]}}
	count(rule.deny) == 1 with input as object.union(made, lying)
	elsewhere := object.union(bare, {"request": {"subResource": "status"}})
	count(rule.deny) == 0 with input as object.union(made, elsewhere)
	other := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [object.union(template, {"path": "spec.other"})]}}
	count(rule.deny) == 1 with input as object.union(made, other)
	wide := review("", {"hostNetwork": true})
	old := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [{"path": "", "spec": {"hostNetwork": true}}]}}
	count(rule.deny) == 0 with input as object.union(wide, old)
	changed := {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [{"path": "", "spec": {}}]}}
	count(rule.deny) == 1 with input as object.union(wide, changed)
}

test_every_probe_and_hook if {
	every action in ["httpGet", "tcpSocket"] {
		every probe in ["livenessProbe", "readinessProbe", "startupProbe"] {
			count(rule.deny) == 1 with input as review("", with_container({probe: {action: {"host": "h"}}}))
		}
		every hook in ["postStart", "preStop"] {
			some msg in rule.deny with input as review("", with_container({"lifecycle": {hook: {action: {"host": "h"}}}}))
			startswith(msg, sprintf(`spec.containers["c"].lifecycle.%s.%s.host is "h"; `, [hook, action]))
		}
	}
}

test_messages if {
	rule.deny == {concat("; ", [
		`spec.template.spec.containers["c"].securityContext.privileged is true`,
		"Pods share nothing with their node and unlock nothing of it",
		"leave it out",
	])} with input as review("spec.template", secured({"privileged": true}))
	some path in rule.deny with input as review("", {"volumes": [{"name": "h", "hostPath": {"path": "/x\ny"}}]})
	startswith(path, `spec.volumes["h"].hostPath is "/x\ny"; `)
}
