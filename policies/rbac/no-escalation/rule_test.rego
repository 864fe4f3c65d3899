package rbac["no-escalation_test"]

import data.rbac["no-escalation"] as rule

home := "claude-runner-user-alice"

parameters := {
	"guarded": ["resourcequotas", "limitranges", "namespaces", "usages"],
	"clusterRoles": ["pod-reader"],
	"reserved": ["deployer"],
}

review(kind, object) := {
	"request": {
		"operation": "CREATE",
		"namespace": home,
		"kind": {"group": "rbac.authorization.k8s.io", "kind": kind},
		"object": object,
	},
	"caller": {"relation": "owner"},
	"parameters": parameters,
}

role(rules) := review("Role", {"metadata": {"name": "r"}, "rules": rules})

allows(fields) := role([object.union({"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}, fields)])

binding(subjects, ref) := review("RoleBinding", {"metadata": {"name": "b"}, "subjects": subjects, "roleRef": ref})

own := {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": "r"}

account := {"kind": "ServiceAccount", "name": "web", "namespace": home}

test_narrow_roles_pass if {
	every input_ in [
		role(null),
		role([]),
		review("Role", {"metadata": {"name": "r"}}),
		allows({}),
		allows({"resources": ["pods/log", "pods/exec"], "verbs": ["get", "create"]}),
		allows({"resources": ["resourcequotas", "limitranges"], "verbs": ["get", "list", "watch"]}),
		allows({"resources": ["serviceaccounts", "roles"], "verbs": ["create"], "resourceNames": ["x"]}),
		allows({"nonResourceURLs": []}),
		allows({"verbs": ["never-impersonate"]}),
	] {
		count(rule.deny) == 0 with input as input_
	}
}

test_powers_do_not if {
	every fields in [
		{"verbs": ["*"]},
		{"resources": ["*"]},
		{"resources": ["*/scale"]},
		{"resources": ["pods/*"]},
		{"apiGroups": ["*"]},
		{"verbs": ["escalate"]},
		{"verbs": ["get", "bind"]},
		{"verbs": ["impersonate"]},
		{"verbs": ["Impersonate"]},
		{"verbs": ["impersonate:user-info"]},
		{"verbs": ["impersonate:associated-node"]},
		{"verbs": ["impersonate-on:user-info:get"]},
		{"resources": ["users"]},
		{"resources": ["groups"]},
		{"resources": ["uids"]},
		{"resources": ["userextras/scopes"]},
		{"resources": ["serviceaccounts/token"], "verbs": ["create"]},
		{"resources": ["ServiceAccounts/Token"]},
		{"resources": ["resourcequotas"], "verbs": ["get", "delete"]},
		{"resources": ["limitranges"], "verbs": ["update"]},
		{"resources": ["namespaces/finalize"], "verbs": ["update"]},
		{"resources": ["usages/status"], "verbs": ["patch"]},
		{"nonResourceURLs": ["/metrics"]},
	] {
		count(rule.deny) == 1 with input as allows(fields)
	}
	count(rule.deny) == 1 with input as object.remove(allows({"resources": ["resourcequotas"], "verbs": ["delete"]}), ["parameters"])
}

test_lists_are_parameters if {
	tuned := {"parameters": {"guarded": ["secrets"], "reserved": ["robot"]}}
	count(rule.deny) == 1 with input as object.union(allows({"resources": ["secrets"], "verbs": ["delete"]}), tuned)
	count(rule.deny) == 1 with input as object.union(binding([object.union(account, {"name": "robot"})], own), tuned)
}

test_odd_roles_are_denied if {
	every rules in ["x", {"verbs": ["get"]}, 7, ["x"], [null], [["x"]]] {
		count(rule.deny) == 1 with input as role(rules)
	}
	every field in ["verbs", "resources", "apiGroups", "nonResourceURLs"] {
		every odd in ["x", 7, {"a": 1}, [7], [null], [["get"]]] {
			count(rule.deny) > 0 with input as allows({field: odd})
		}
	}
	every odd in [null, "x", ["x"], {}] {
		count(rule.deny) > 0 with input as review("Role", odd)
		count(rule.deny) > 0 with input as review("RoleBinding", odd)
	}
	count(rule.deny) == 1 with input as review("ClusterRole", {"rules": []})
	count(rule.deny) == 2 with input as {}
}

test_own_accounts_are_bound if {
	every input_ in [
		binding([account], own),
		binding([], own),
		binding(null, own),
		binding([object.union(account, {"apiGroup": ""})], own),
		binding([account], {"kind": "Role", "name": "r"}),
		binding([account], {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "pod-reader"}),
	] {
		count(rule.deny) == 0 with input as input_
	}
}

test_nobody_else_is if {
	every subject in [
		object.union(account, {"name": "deployer"}),
		object.union(account, {"namespace": "claude-runner-user-bob"}),
		object.union(account, {"namespace": ""}),
		object.union(account, {"kind": "serviceaccount"}),
		object.union(account, {"apiGroup": "rbac.authorization.k8s.io"}),
		object.union(account, {"name": 7}),
		object.remove(account, ["namespace"]),
		{"apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": "local:bob"},
		{"apiGroup": "rbac.authorization.k8s.io", "kind": "Group", "name": "system:authenticated"},
		{},
		null,
		"x",
		["x"],
	] {
		count(rule.deny) == 1 with input as binding([account, subject], own)
	}
	every odd in ["x", 7, {"a": account}] {
		count(rule.deny) == 1 with input as binding(odd, own)
	}
	homeless := object.remove(binding([account], own), ["request"])
	count(rule.deny) > 0 with input as homeless
	count(rule.deny) == 1 with input as object.union(
		binding([object.union(account, {"namespace": ""})], own),
		{"request": {"namespace": ""}},
	)
	count(rule.deny) == 1 with input as object.remove(binding([object.union(account, {"name": "deployer"})], own), ["parameters"])
}

test_nothing_else_is_bound if {
	every ref in [
		{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "cluster-admin"},
		{"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "gatehouse:member"},
		{"apiGroup": "example.com", "kind": "Role", "name": "r"},
		{"apiGroup": "example.com", "kind": "ClusterRole", "name": "pod-reader"},
		{"kind": "role", "name": "r"},
		{"kind": "Role", "name": 7},
		{"kind": "Other", "name": "pod-reader"},
		{},
		null,
		"x",
	] {
		count(rule.deny) == 1 with input as binding([account], ref)
	}
	known := binding([account], {"kind": "ClusterRole", "name": "pod-reader"})
	count(rule.deny) == 1 with input as object.remove(known, ["parameters"])
}

changes(new, old) := object.union(new, {"request": {"operation": "UPDATE", "oldObject": old.request.object}})

test_only_a_change_is_judged if {
	wide := allows({"verbs": ["*"]})
	count(rule.deny) == 0 with input as changes(wide, wide)
	count(rule.deny) == 1 with input as changes(wide, allows({}))
	foreign := binding([{"kind": "User", "name": "local:bob"}], own)
	count(rule.deny) == 0 with input as changes(foreign, foreign)
	count(rule.deny) == 1 with input as changes(foreign, binding([account], own))
	count(rule.deny) == 1 with input as changes(binding([account], object.union(own, {"kind": "ClusterRole"})), binding([account], own))
	disguised := object.union(foreign, {"request": {"object": {"rules": []}}})
	count(rule.deny) == 1 with input as changes(disguised, object.union(binding([], own), {"request": {"object": {"rules": []}}}))
	masked := object.union(wide, {"request": {"object": {"subjects": [], "roleRef": own}}})
	count(rule.deny) == 1 with input as changes(masked, object.union(allows({}), {"request": {"object": {"subjects": [], "roleRef": own}}}))
	count(rule.deny) == 0 with input as object.union(wide, {"caller": {"relation": "system", "role": "system"}})
	lying := object.union(wide, {"request": {"oldObject": wide.request.object}})
	count(rule.deny) == 1 with input as lying
}

test_messages if {
	rule.deny == {concat("; ", [
		`rules[0].verbs holds "impersonate"`,
		"a tenant's Roles hand out no roles and speak for nobody else",
		"leave it out",
	])} with input as allows({"verbs": ["impersonate"]})
	some msg in rule.deny with input as allows({"resources": ["resourcequotas"], "verbs": ["delete"]})
	startswith(msg, `rules[0].resources lets change "resourcequotas" by "delete"; `)
	some ref in rule.deny with input as binding([], {"apiGroup": "g", "kind": "k", "name": "n"})
	startswith(ref, `roleRef is "k" "n" of group "g"; a Role of this namespace, or one of the ClusterRoles "pod-reader"; `)
	some subject in rule.deny with input as binding([{"kind": "User", "name": "x\ny"}], own)
	startswith(subject, `subjects[0] is "User" "x\ny" of namespace (null); ServiceAccounts of namespace "claude-runner-user-alice" but "deployer"; `)
}
