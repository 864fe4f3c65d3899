package quota.sessions_test

import data.quota.sessions

test_create_takes_one if {
	sessions.demand == {"sessions": 1} with input as {"request": {"operation": "CREATE"}}
}

test_nothing_else_takes_any if {
	every operation in ["UPDATE", "DELETE", "CONNECT"] {
		sessions.demand == {} with input as {"request": {"operation": operation}}
	}
}
