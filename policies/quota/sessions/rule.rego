# METADATA
# title: A session takes one of the tenant's concurrent sessions
# description: |
#   Demands one of dimension sessions for every ResearchSession that is created and is not
#   queued. Go reserves it against the limits of tenant and organization together and
#   denies in this rule's name. A session gives its place back when its phase is terminal
#   or it is gone: the ledger asks this rule what each stored session holds. Where the
#   tier's limit says overLimit queue, sessions are made Queued and hold nothing until
#   their turn comes. An update demands nothing.
#   Capsule's count of custom resources is brought up to date afterwards, and lets any
#   number pass at once (projectcapsule/capsule #1425).
# custom:
#   match:
#     groups: [research.example.com]
#     kinds: [ResearchSession]
#     operations: [CREATE]
package quota.sessions

import data.lib.value
import data.lib.write

demand["sessions"] := 1 if {
	input.request.operation == "CREATE"
	not holds_none
}

holds_none if value.at(write.object, ["status", "phase"]) in {"Queued", "Completed", "Failed", "Stopped", "Error"}
