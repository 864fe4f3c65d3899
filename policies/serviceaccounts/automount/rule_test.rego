package serviceaccounts.automount_test

import data.serviceaccounts.automount as rule

review(kind, subresource) := {"request": {"operation": "CREATE", "kind": {"kind": kind}, "subResource": subresource, "object": {}}}

test_accounts_only if {
	rule.mutate == {{"path": "/automountServiceAccountToken", "value": false}} with input as review("ServiceAccount", "")
	count(rule.mutate) == 0 with input as review("ServiceAccount", "token")
	count(rule.mutate) == 0 with input as review("TokenRequest", "token")
	count(rule.mutate) == 0 with input as review("Pod", "")
}

replaced(old) := {"request": {"operation": "UPDATE", "kind": {"kind": "ServiceAccount"}, "object": {}, "oldObject": old}}

test_off_stays_off if {
	count(rule.mutate) == 1 with input as replaced({"automountServiceAccountToken": false})
	every old in [{}, null, {"automountServiceAccountToken": true}, {"automountServiceAccountToken": null}] {
		count(rule.mutate) == 0 with input as replaced(old)
	}
}
