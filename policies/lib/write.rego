# METADATA
# title: What a write touches
# description: |
#   Tells a rule whether there is something for it to judge. Everything here says "judge"
#   when in doubt: what is missing exempts nothing.
package lib.write

# by_system holds for controllers that keep their own objects, or an object's state.
default by_system := false

by_system if {
	input.caller.relation == "system"
	input.caller.role == "system"
}

# by_platform holds for the platform's own work and the controllers'. A caller of whom
# nobody said what role they have is neither.
default by_platform := false

by_platform if {
	input.caller.relation in {"platform", "system"}
	is_string(input.caller.role)
	input.caller.role != ""
}

# main holds for the object itself, status and other subresources are not.
default main := true

main := false if {
	is_string(input.request.subResource)
	input.request.subResource != ""
}

# object and old are what is written and what is stored, an empty object where there
# is none.
default object := {}

object := input.request.object if is_object(input.request.object)

default old := {}

old := input.request.oldObject if {
	input.request.operation == "UPDATE"
	is_object(input.request.oldObject)
}

# spec_kept holds for an update that leaves spec as it was stored. Such an update gives
# nobody anything new, and what was made before a rule must still get its labels,
# finalizers and owners.
default spec_kept := false

spec_kept if {
	is_object(object.spec)
	object.spec == old.spec
}

# spec_judged holds where a rule about spec has something to judge.
default spec_judged := true

spec_judged := false if by_system

spec_judged := false if not main

spec_judged := false if spec_kept

default name := ""

name := input.request.name if is_string(input.request.name)

default kind := "object"

kind := input.request.kind.kind if is_string(input.request.kind.kind)

default namespace := ""

namespace := input.request.namespace if is_string(input.request.namespace)

# unreadable are the messages for an object whose spec cannot be looked at.
unreadable contains "spec is no object, so it cannot be judged; nothing is allowed unseen; correct the manifest" if {
	not has_spec
}

has_spec if is_object(object.spec)
