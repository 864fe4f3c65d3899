# METADATA
# title: A session asks for no more time than the tenant has
# description: |
#   Denies a ResearchSession whose spec.timeout, in seconds, passes the limit
#   session-length; one that names none asks for 300. A limit that nobody wrote denies, as
#   any does. An update is judged where it changes the time. The session's Job ends by
#   itself when the time is over.
#   A run's time has no bound that anybody refuses by elsewhere (asked for in
#   kubernetes-sigs/kueue #6587).
# custom:
#   match:
#     groups: [research.example.com]
#     kinds: [ResearchSession]
#     operations: [CREATE, UPDATE]
package quota["session-length"]

import data.lib.text
import data.lib.value
import data.lib.write

deny contains msg if {
	write.spec_judged
	not kept
	some msg in wrong
}

asked := value.at(write.object, ["spec", "timeout"])

kept if {
	input.request.operation == "UPDATE"
	asked == value.at(write.old, ["spec", "timeout"])
}

limit := value.at(input.limits, ["session-length"])

amount := value.at(limit, ["amount"])

wrong contains text.message(
	`nobody limits "session-length", and what nobody limits is denied`,
	"limit none",
	"ask a platform administrator to give your tier a limit for it",
) if {
	not limited
}

limited if is_number(amount)

limited if amount == "unlimited"

wrong contains text.message(
	sprintf("spec.timeout is %s", [shown(asked)]),
	"a number of seconds",
	"correct the manifest",
) if {
	time := asked
	not time == null
	not is_number(time)
}

wrong contains text.message(
	sprintf("spec.timeout is %v seconds", [seconds]),
	sprintf("limit %v seconds a session (%s)", [amount, text.quote(source)]),
	"ask for less time, or for a higher tier",
) if {
	is_number(amount)
	is_number(seconds)
	seconds > amount
}

seconds := 300 if asked == null

else := asked

default source := "no limit"

source := limit.source if is_string(limit.source)

shown(v) := text.quote(v)
