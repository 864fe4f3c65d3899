package quota["session-length_test"]

import data.quota["session-length"] as rule

session(timeout) := {"request": {"operation": "CREATE", "subResource": "", "object": {"spec": {"prompt": "p", "timeout": timeout}}}}

bounded(timeout, amount) := object.union(session(timeout), {"limits": {"session-length": {"amount": amount, "source": "tier standard"}}})

test_within_the_limit if {
	every timeout in [null, 1, 300, 1800, 1800.0, 0, -1] {
		count(rule.deny) == 0 with input as bounded(timeout, 1800)
	}
	count(rule.deny) == 0 with input as bounded(99999999, "unlimited")
}

test_beyond_it if {
	every timeout in [1801, 1800.5, 1e12] {
		count(rule.deny) == 1 with input as bounded(timeout, 1800)
	}
	count(rule.deny) == 1 with input as bounded(null, 299)
	rule.deny == {"spec.timeout is 7200 seconds; limit 1800 seconds a session (\"tier standard\"); ask for less time, or for a higher tier"} with input as bounded(7200, 1800)
}

test_no_limit_denies if {
	every odd in [{}, {"limits": null}, {"limits": {}}, {"limits": {"session-length": {}}}, {"limits": {"session-length": {"amount": "much"}}}] {
		count(rule.deny) == 1 with input as object.union(session(60), odd)
	}
}

test_odd_times_are_denied if {
	every odd in ["60", [], {}, true] {
		count(rule.deny) == 1 with input as bounded(odd, 1800)
	}
	count(rule.deny) == 1 with input as object.union(session(7200), {"limits": {"session-length": {"amount": 1800}}})
}

changed(before, after) := object.union(bounded(after, 1800), {"request": {"operation": "UPDATE", "oldObject": {"spec": {"timeout": before}}}})

test_an_update_is_judged_where_it_changes_the_time if {
	count(rule.deny) == 0 with input as changed(7200, 7200)
	count(rule.deny) == 0 with input as changed(7200, 600)
	count(rule.deny) == 1 with input as changed(600, 7200)
}

test_status_is_not_judged if {
	count(rule.deny) == 0 with input as object.union(bounded(7200, 1800), {"request": {"subResource": "status"}})
}
