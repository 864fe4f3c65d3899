# METADATA
# title: A session takes one of the tenant's concurrent sessions
# description: |
#   Demands one of dimension sessions for every ResearchSession that is created. Go
#   reserves it against the limits of tenant and organization together and denies in
#   this rule's name. A session gives its place back when its phase is terminal or it is
#   gone, which the ledger settles; an update demands nothing.
# custom:
#   match:
#     groups: [research.example.com]
#     kinds: [ResearchSession]
#     operations: [CREATE]
package quota.sessions

demand["sessions"] := 1 if input.request.operation == "CREATE"
