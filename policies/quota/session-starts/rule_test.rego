package quota["session-starts_test"]

import data.quota["session-starts"] as rule

test_create_is_counted if {
	rule.demand == {"session-starts": 1} with input as {"request": {"operation": "CREATE"}}
}

test_nothing_else_is if {
	every operation in ["UPDATE", "DELETE", "CONNECT"] {
		rule.demand == {} with input as {"request": {"operation": operation}}
	}
}
