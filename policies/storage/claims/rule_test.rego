package storage.claims_test

import data.storage.claims

home := "claude-runner-user-alice"

review(kind, spec) := {
	"request": {"operation": "CREATE", "namespace": home, "kind": {"kind": kind}, "object": {"spec": spec}},
	"caller": {"relation": "owner"},
	"parameters": {"classes": ["standard"]},
}

claim(spec) := review("PersistentVolumeClaim", spec)

set(spec) := review("StatefulSet", {"volumeClaimTemplates": [{"metadata": {"name": "d"}, "spec": spec}]})

test_ordinary_claims_pass if {
	every spec in [
		{},
		{"storageClassName": null, "volumeName": "", "dataSource": null},
		{"storageClassName": "standard", "dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "x"}},
		{"dataSourceRef": {"kind": "VolumeSnapshot", "name": "x", "namespace": home}},
	] {
		count(claims.deny) == 0 with input as claim(spec)
		count(claims.deny) == 0 with input as set(spec)
	}
	count(claims.deny) == 0 with input as claim({"volumeClaimTemplates": [{"spec": {"storageClassName": ""}}]})
	every spec in [{}, {"volumeClaimTemplates": null}, {"volumeClaimTemplates": []}] {
		count(claims.deny) == 0 with input as review("StatefulSet", spec)
	}
}

test_others_do_not if {
	every spec in [
		{"storageClassName": ""},
		{"storageClassName": "fast"},
		{"storageClassName": "Standard"},
		{"storageClassName": ["standard"]},
		{"volumeName": "pv-of-bob"},
		{"volumeName": 7},
		{"dataSourceRef": {"kind": "PersistentVolumeClaim", "name": "x", "namespace": "claude-runner-user-bob"}},
		{"dataSource": {"namespace": ["x"]}},
		{"dataSourceRef": "x"},
		{"dataSource": ["x"]},
	] {
		count(claims.deny) == 1 with input as claim(spec)
		count(claims.deny) == 1 with input as set(spec)
	}
	count(claims.deny) == 1 with input as object.remove(claim({"storageClassName": "standard"}), ["parameters"])
}

test_odd_shapes_are_denied if {
	every spec in [null, "x", ["x"]] {
		count(claims.deny) > 0 with input as claim(spec)
		count(claims.deny) > 0 with input as set(spec)
	}
	every templates in ["x", {"a": 1}, ["x"], [null], [{}]] {
		count(claims.deny) > 0 with input as review("StatefulSet", {"volumeClaimTemplates": templates})
	}
	count(claims.deny) > 0 with input as {}
	some msg in claims.deny with input as claim("x")
	startswith(msg, "spec is no object, so it cannot be judged; ")
}

changed(new, old) := object.union(new, {"request": {"operation": "UPDATE", "oldObject": old.request.object}})

test_only_a_change_is_judged if {
	bound := {"storageClassName": "fast", "volumeName": "pv-1"}
	bigger := object.union(bound, {"resources": {"requests": {"storage": "2Gi"}}})
	count(claims.deny) == 0 with input as changed(claim(bound), claim(bound))
	count(claims.deny) == 0 with input as changed(claim(bigger), claim(bound))
	count(claims.deny) == 1 with input as changed(claim({"volumeName": "pv-2"}), claim({"volumeName": "pv-1"}))
	count(claims.deny) == 1 with input as changed(claim({"storageClassName": "fast"}), claim({}))
	count(claims.deny) == 0 with input as changed(claim({}), claim({"storageClassName": "fast"}))
	old := set({"storageClassName": "fast"})
	scaled := object.union(old, {"request": {"object": {"spec": {"replicas": 2}}}})
	count(claims.deny) == 0 with input as changed(scaled, old)
	count(claims.deny) == 1 with input as changed(old, set({}))
	count(claims.deny) == 0 with input as object.union(claim(bound), {"caller": {"relation": "system", "role": "system"}})
}

test_messages if {
	some class in claims.deny with input as claim({"storageClassName": "a\nb"})
	startswith(class, `spec.storageClassName is "a\nb"; the default class, by leaving it out, or one of: "standard"; `)
	some volume in claims.deny with input as set({"volumeName": "pv-1"})
	startswith(volume, `spec.volumeClaimTemplates[0].spec.volumeName is "pv-1"; volumes are bound by the controller; `)
}
