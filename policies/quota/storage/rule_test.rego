package quota.storage_test

import data.quota.storage as rule

claim(size) := {"request": {"operation": "CREATE", "object": {"spec": {"resources": {"requests": {"storage": size}}}}}}

test_the_size_is_demanded if {
	every size in ["10Gi", "1e9", "1.5Ti", ".5G", "+1E", "100m", 0, 5] {
		rule.demand == {"claims": 1, "storage": size} with input as claim(size)
		count(rule.deny) == 0 with input as claim(size)
	}
}

numbers := array.concat(array.concat(tens, tens), array.concat(array.concat(tens, tens), array.concat(tens, array.concat(tens, tens))))

tens := [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]

test_what_has_no_size_is_denied if {
	every odd in [null, {}, [], true, "", "much", "-1Gi", "1Gi ", "1Xi", "1e", -1, concat("", ["1" | some _ in numbers])] {
		rule.demand == {"claims": 1} with input as claim(odd)
		count(rule.deny) == 1 with input as claim(odd)
	}
	count(rule.deny) == 1 with input as {}
}
