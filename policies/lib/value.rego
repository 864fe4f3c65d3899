# METADATA
# title: Values of any shape
# description: |
#   Reads what a tenant wrote without believing its shape. All functions are total over
#   every JSON value: none is undefined, none is an error.
package lib.value

# at gives what stands at a key, or at a path of keys, null where nothing does or the way there
# is no object. A key that is not written out is given by itself, since a list of one would be
# made anew each time; one that is may be given either way.
at(value, path) := object.get(value, path, null) if is_object(value)

else := null

# items are the entries of a list; of anything else none.
items(value) := value if is_array(value)

else := []

# fields are the entries of an object; of anything else none.
fields(value) := value if is_object(value)

else := {}

# is_list, is_map and is_text hold for what a field of that type may be: nothing too.
is_list(value) if type_name(value) in {"array", "null"}

is_map(value) if type_name(value) in {"object", "null"}

is_text(value) if type_name(value) in {"string", "null"}
