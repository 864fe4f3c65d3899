# METADATA
# title: Words for messages
# description: |
#   Every value that a tenant may have chosen goes through quote or list, so that no
#   input adds a line to a message or hides one. All functions are total: a message
#   that could be undefined would be a denial that does not happen.
package lib.text

# longest is how many characters of a value are shown.
longest := 128

# most is how many entries of a list are shown.
most := 16

# quote shows any value: strings quoted, escaped and cut, anything else by its kind.
quote(value) := sprintf("%q", [cut(value)]) if is_string(value)

else := sprintf("(%s)", [type_name(value)])

cut(value) := value if count(value) <= longest

else := concat("", [substring(value, 0, longest), "…"])

# list shows a set or array of values, sorted, and "none" when there is none.
list(values) := "none" if count(values) == 0

else := concat(", ", quoted(values)) if count(values) <= most

else := sprintf("%s and %d more", [
	concat(", ", array.slice(quoted(values), 0, most)),
	count(values) - most,
])

quoted(values) := [quote(value) | some value in sort(values)]

# message joins the three parts of a denial as people know them.
message(problem, allowed, next) := concat("; ", [problem, allowed, next])

# shown cuts a long set of messages: a Pod may hold thousands of containers.
shown(messages) := sort(messages) if count(messages) <= 8

else := array.concat(array.slice(sort(messages), 0, 8), [message(
	sprintf("%d more things like these are wrong", [count(messages) - 8]),
	"the first 8 are named",
	"correct them all",
)])
