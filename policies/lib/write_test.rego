package lib.write_test

import data.lib.write

review(operation, object, old) := {"request": {"operation": operation, "object": object, "oldObject": old}}

test_system_only_by_its_relation if {
	write.by_system with input as {"caller": {"relation": "system", "role": "system"}}
	every caller in [{}, null, "system", {"relation": "owner"}, {"relation": "system"}, {"role": "system"}, {"relation": null}] {
		not write.by_system with input as {"caller": caller}
	}
	not write.by_system with input as {}
}

test_platform_by_relation_and_role if {
	every relation in ["platform", "system"] {
		write.by_platform with input as {"caller": {"relation": relation, "role": "platform"}}
		every role in ["", null, 7, ["platform"]] {
			not write.by_platform with input as {"caller": {"relation": relation, "role": role}}
		}
		not write.by_platform with input as {"caller": {"relation": relation}}
	}
	every caller in [{}, null, "platform", {"relation": "owner", "role": "platform"}, {"relation": ["platform"], "role": "platform"}] {
		not write.by_platform with input as {"caller": caller}
	}
	not write.by_platform with input as {}
}

test_subresources_are_not_main if {
	not write.main with input as {"request": {"subResource": "status"}}
	every request in [{}, null, {"subResource": ""}, {"subResource": null}, {"subResource": 7}] {
		write.main with input as {"request": request}
	}
}

test_objects_of_any_shape if {
	write.object == {"a": 1} with input as review("CREATE", {"a": 1}, null)
	write.old == {"a": 1} with input as review("UPDATE", {}, {"a": 1})
	write.old == {} with input as review("CREATE", {}, {"a": 1})
	every odd in [null, 7, "x", ["x"]] {
		write.object == {} with input as review("UPDATE", odd, odd)
		write.old == {} with input as review("UPDATE", odd, odd)
	}
	write.object == {} with input as {}
}

test_only_an_update_keeps_a_spec if {
	write.spec_kept with input as review("UPDATE", {"spec": {"a": 1}}, {"spec": {"a": 1}})
	not write.spec_kept with input as review("CREATE", {"spec": {"a": 1}}, {"spec": {"a": 1}})
	not write.spec_kept with input as review("UPDATE", {"spec": {"a": 1}}, {"spec": {"a": 2}})
	not write.spec_kept with input as review("UPDATE", {"spec": {"a": 1}}, null)
	not write.spec_kept with input as review("UPDATE", {}, {})
	not write.spec_kept with input as review("UPDATE", {"spec": "x"}, {"spec": "x"})
}

test_judged_unless_there_is_a_reason_not_to if {
	write.spec_judged with input as {}
	write.spec_judged with input as review("CREATE", {"spec": {}}, null)
	not write.spec_judged with input as {"caller": {"relation": "system", "role": "system"}}
	not write.spec_judged with input as {"request": {"subResource": "status"}}
	not write.spec_judged with input as review("UPDATE", {"spec": {"a": 1}}, {"spec": {"a": 1}})
}

test_words if {
	write.name == "a" with input as {"request": {"name": "a"}}
	write.name == "" with input as {"request": {"name": 7}}
	write.kind == "Role" with input as {"request": {"kind": {"kind": "Role"}}}
	write.kind == "object" with input as {}
	write.namespace == "n" with input as {"request": {"namespace": "n"}}
	write.namespace == "" with input as {"request": null}
	every odd in [7, null, ["x"]] {
		write.kind == "object" with input as {"request": {"kind": {"kind": odd}}}
		write.namespace == "" with input as {"request": {"namespace": odd}}
	}
}

test_an_object_without_a_spec_is_unreadable if {
	count(write.unreadable) == 0 with input as review("CREATE", {"spec": {}}, null)
	every odd in [{}, {"spec": null}, {"spec": "x"}, null, "x"] {
		count(write.unreadable) == 1 with input as review("CREATE", odd, null)
	}
}
