package lib.text_test

import data.lib.text

test_quote_escapes if {
	text.quote("a\nb\"c\u2028\u0000") == `"a\nb\"c\u2028\x00"`
	text.quote("grüße") == `"grüße"`
	text.quote("") == `""`
}

test_quote_shows_the_kind_of_anything_else if {
	text.quote(7) == "(number)"
	text.quote(null) == "(null)"
	text.quote({"a": 1}) == "(object)"
	text.quote(["a"]) == "(array)"
	text.quote({"a"}) == "(set)"
	text.quote(true) == "(boolean)"
}

test_quote_cuts if {
	long := concat("", [sprintf("%d", [i % 10]) | some i, _ in split(sprintf("%200d", [0]), "")])
	count(long) == 200
	count(text.quote(long)) == 131
	endswith(text.quote(long), "7…\"")
}

test_list_is_sorted_and_quoted if {
	text.list(["b", "a\n"]) == `"a\n", "b"`
	text.list({"b", "a"}) == `"a", "b"`
	text.list([]) == "none"
	text.list(set()) == "none"
}

test_list_is_cut if {
	many := [sprintf("m%d", [i]) | some i, _ in split(sprintf("%20d", [0]), "")]
	endswith(text.list(many), "and 4 more")
}

test_message_joins if {
	text.message("a", "b", "c") == "a; b; c"
}

test_few_messages_are_all_shown if {
	text.shown(set()) == []
	text.shown({"b", "a"}) == ["a", "b"]
}

test_many_messages_are_cut if {
	many := {sprintf("m%02d", [i]) | some i, _ in split(sprintf("%20d", [0]), "")}
	shown := text.shown(many)
	count(shown) == 9
	shown[0] == "m00"
	shown[8] == "12 more things like these are wrong; the first 8 are named; correct them all"
}
