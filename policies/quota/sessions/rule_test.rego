package quota.sessions_test

import data.quota.sessions

made(phase) := {"request": {"operation": "CREATE", "object": {"status": {"phase": phase}}}}

test_create_takes_one if {
	sessions.demand == {"sessions": 1} with input as {"request": {"operation": "CREATE"}}
	every phase in ["", "Pending", "Creating", "Running", 7, null] {
		sessions.demand == {"sessions": 1} with input as made(phase)
	}
}

test_what_waits_or_is_over_holds_nothing if {
	every phase in ["Queued", "Completed", "Failed", "Stopped", "Error"] {
		sessions.demand == {} with input as made(phase)
	}
}

test_nothing_else_takes_any if {
	every operation in ["UPDATE", "DELETE", "CONNECT"] {
		sessions.demand == {} with input as {"request": {"operation": operation}}
	}
}
