package objects.marks_test

import data.objects.marks as rule

review(metadata) := {
	"request": {"operation": "CREATE", "object": {"metadata": metadata}},
	"caller": {"class": "human", "relation": "owner"},
	"expansion": {"pods": [], "oldPods": []},
	"parameters": {"labels": ["gatehouse.dev/"], "annotations": ["k8s.v1.cni.cncf.io/networks"]},
}

template(metadata) := object.union(review({"name": "o"}), {"expansion": {"pods": [{"path": "spec.template", "metadata": metadata, "spec": {}}]}})

test_her_own_marks_pass if {
	every metadata in [
		{}, null, {"labels": null, "annotations": null}, {"labels": {}},
		{"labels": {"app": "web", "app.kubernetes.io/managed-by": "Helm", "example.com/gatehouse.dev": "x", "gatehouse.dev": "x"}},
		{"labels": {"k8s.v1.cni.cncf.io/networks": "x"}, "annotations": {"gatehouse.dev/passport": "v1"}},
	] {
		count(rule.deny) == 0 with input as review(metadata)
		count(rule.deny) == 0 with input as template(metadata)
	}
}

test_the_platforms_do_not if {
	every metadata in [
		{"labels": {"gatehouse.dev/tenant": "alice"}}, {"labels": {"app": "web", "gatehouse.dev/server": ""}}, {"labels": {"Gatehouse.dev/tier": "x"}},
		{"labels": {"gatehouse.dev/tenant": ["x"]}}, {"annotations": {"k8s.v1.cni.cncf.io/networks": "kube-system/net"}},
	] {
		count(rule.deny) == 1 with input as review(metadata)
		count(rule.deny) == 1 with input as template(metadata)
		every caller in [{"relation": "org-admin"}, {"relation": ""}, {"relation": null}, {"class": "controller"}, {"class": "deployer"}, {"class": "platform"}] {
			count(rule.deny) == 1 with input as object.union(review(metadata), {"caller": caller})
		}
		every relation in ["platform", "system"] {
			count(rule.deny) == 0 with input as object.union(review(metadata), {"caller": {"relation": relation, "role": relation}})
		}
		count(rule.deny) == 1 with input as object.remove(review(metadata), ["caller"])
	}
}

test_a_pod_is_judged_once if {
	pod := {"labels": {"gatehouse.dev/tenant": "bob"}}
	count(rule.deny) == 1 with input as object.union(review(pod), {"expansion": {"pods": [{"path": "", "metadata": pod, "spec": {}}]}})
}

test_only_a_change_is_judged if {
	old := {"labels": {"gatehouse.dev/tenant": "alice"}}
	kept := {"request": {"operation": "UPDATE", "oldObject": {"metadata": old}}, "expansion": {"oldPods": [{"path": "spec.template", "metadata": old}]}}
	count(rule.deny) == 0 with input as object.union(review(old), kept)
	count(rule.deny) == 0 with input as object.union(template(old), kept)
	changed := {"labels": {"gatehouse.dev/tenant": "bob"}}
	count(rule.deny) == 1 with input as object.union(review(changed), kept)
	count(rule.deny) == 1 with input as object.union(template(changed), kept)
	count(rule.deny) == 1 with input as object.union(review(old), {"request": {"oldObject": {"metadata": old}}})
	count(rule.deny) == 1 with input as object.union(template(old), {"expansion": {"oldPods": [{"path": "spec.template", "metadata": old}]}})
	count(rule.deny) == 1 with input as object.union(template(old), {"request": {"operation": "UPDATE"}, "expansion": {"oldPods": [{"path": "other", "metadata": old}]}})
	by_status := {"request": {"operation": "UPDATE", "subResource": "status", "oldObject": {"metadata": {}}}}
	count(rule.deny) == 1 with input as object.union(review(old), by_status)
}

test_odd_shapes_are_denied if {
	every metadata in [{"labels": "x"}, {"labels": ["x"]}, {"annotations": 7}] {
		count(rule.deny) == 1 with input as review(metadata)
		count(rule.deny) == 1 with input as template(metadata)
	}
	count(rule.deny) == 1 with input as {}
	count(rule.deny) == 1 with input as object.union(review({}), {"request": {"object": null}})
}

test_messages if {
	rule.deny == {concat("; ", [
		`metadata.labels holds "gatehouse.dev/tenant": "b\nb"`,
		`nothing that begins with "gatehouse.dev/"`,
		"leave it out",
	])} with input as review({"labels": {"gatehouse.dev/tenant": "b\nb"}})
	some msg in rule.deny with input as template({"annotations": {"k8s.v1.cni.cncf.io/networks": "n"}})
	startswith(msg, `spec.template.metadata.annotations holds "k8s.v1.cni.cncf.io/networks": "n"; `)
}
