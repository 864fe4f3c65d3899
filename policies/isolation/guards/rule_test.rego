package isolation.guards_test

import data.isolation.guards

ours := {"metadata": {"name": "x", "labels": {"app.kubernetes.io/managed-by": "gatehouse"}}}

hers := {"metadata": {"name": "x", "labels": {"app.kubernetes.io/managed-by": "Helm"}}}

review(operation, kind, object, old) := {
	"request": {"operation": operation, "name": "x", "kind": {"kind": kind}, "object": object, "oldObject": old},
	"caller": {"relation": "owner", "role": "member"},
}

test_the_fences_are_nobodys if {
	every kind in ["ResourceQuota", "LimitRange", "Usage"] {
		every relation in ["owner", "org-admin", "platform", "foreign", "", null] {
			write := object.union(review("CREATE", kind, {}, null), {"caller": {"relation": relation}})
			count(guards.deny) == 1 with input as write
		}
		count(guards.deny) == 1 with input as review("DELETE", kind, null, {})
	}
	count(guards.deny) == 1 with input as {}
}

test_what_the_provisioner_keeps if {
	every kind in ["NetworkPolicy", "Role", "RoleBinding", "ServiceAccount"] {
		count(guards.deny) == 1 with input as review("CREATE", kind, ours, null)
		count(guards.deny) == 1 with input as review("UPDATE", kind, ours, ours)
		count(guards.deny) == 1 with input as review("UPDATE", kind, hers, ours)
		count(guards.deny) == 1 with input as review("UPDATE", kind, ours, hers)
		count(guards.deny) == 1 with input as review("DELETE", kind, null, ours)
		count(guards.deny) == 0 with input as review("CREATE", kind, hers, null)
		count(guards.deny) == 0 with input as review("UPDATE", kind, hers, hers)
		count(guards.deny) == 0 with input as review("DELETE", kind, null, hers)
	}
}

test_controllers_keep_theirs if {
	every kind in ["ResourceQuota", "ServiceAccount"] {
		write := object.union(review("UPDATE", kind, ours, ours), {"caller": {"relation": "system", "role": "system"}})
		count(guards.deny) == 0 with input as write
	}
}

account := object.union(ours, {"automountServiceAccountToken": false, "secrets": []})

default_account(after) := object.union(review("UPDATE", "ServiceAccount", after, account), {"request": {"name": "default"}})

test_pull_secrets_of_the_default_account if {
	count(guards.deny) == 0 with input as default_account(object.union(account, {"imagePullSecrets": [{"name": "mine"}]}))
	count(guards.deny) == 0 with input as default_account(object.union(account, {"metadata": {"annotations": {"a": "b"}}}))
}

test_nothing_else_of_it if {
	every change in [
		{"automountServiceAccountToken": true},
		{"automountServiceAccountToken": null},
		{"automountServiceAccountToken": "false"},
		{"metadata": {"labels": {"app.kubernetes.io/managed-by": "Helm"}}},
		{"metadata": {"labels": {"more": "yes"}}},
		{"metadata": {"labels": null}},
		{"metadata": {"ownerReferences": [{"kind": "ConfigMap"}]}},
		{"secrets": [{"name": "token"}]},
	] {
		count(guards.deny) == 1 with input as default_account(object.union(account, change))
	}
	named := object.union(review("UPDATE", "ServiceAccount", account, account), {"request": {"name": "deployer"}})
	count(guards.deny) == 1 with input as named
	other := object.union(review("UPDATE", "RoleBinding", account, account), {"request": {"name": "default"}})
	count(guards.deny) == 1 with input as other
	gone := object.union(review("DELETE", "ServiceAccount", null, account), {"request": {"name": "default"}})
	count(guards.deny) == 1 with input as gone
}

test_any_shape if {
	every odd in [{"metadata": "x"}, {"metadata": {"labels": ["x"]}}, {}] {
		count(guards.deny) == 1 with input as review("UPDATE", "Role", odd, ours)
		count(guards.deny) == 0 with input as review("UPDATE", "Role", odd, hers)
	}
	every odd in [null, "x", [], 7] {
		count(guards.deny) == 1 with input as review("CREATE", "Role", odd, null)
		count(guards.deny) == 1 with input as review("UPDATE", "Role", odd, hers)
		count(guards.deny) == 1 with input as review("UPDATE", "Role", hers, odd)
		count(guards.deny) == 1 with input as review("DELETE", "Role", null, odd)
	}
	count(guards.deny) == 1 with input as review("CONNECT", "Role", hers, hers)
}

test_the_message_names_it if {
	some message in guards.deny with input as review("DELETE", "NetworkPolicy", null, ours)
	startswith(message, `NetworkPolicy "x" guards this namespace; it is the platform's to change`)
}
