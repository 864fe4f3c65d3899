package lib.value_test

import data.lib.value

odd := [null, true, 7, "text", ["text"], {"other": "text"}]

test_at_reads_any_shape if {
	value.at({"a": {"b": 7}}, ["a", "b"]) == 7
	value.at({"a": {"b": false}}, ["a", "b"]) == false
	every x in odd {
		value.at(x, ["a", "b"]) == null
		value.at({"a": x}, ["a", "b"]) == null
	}
}

test_items_and_fields_of_any_shape if {
	value.items(["a"]) == ["a"]
	value.fields({"a": 1}) == {"a": 1}
	every x in [null, true, 7, "text"] {
		value.items(x) == []
		value.fields(x) == {}
	}
	value.items({"a": 1}) == []
	value.fields(["a"]) == {}
}

test_types if {
	[x | some x in odd; value.is_list(x)] == [null, ["text"]]
	[x | some x in odd; value.is_map(x)] == [null, {"other": "text"}]
	[x | some x in odd; value.is_text(x)] == [null, "text"]
}
