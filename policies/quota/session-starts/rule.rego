# METADATA
# title: A session is one of the day's
# description: |
#   Demands one of dimension session-starts for every ResearchSession that is created,
#   which a limit with window day or month counts: deleting the session, or having it
#   denied by somebody else after us, changes nothing or charges nothing.
#   One create may be asked about more than once, and Karmada counted it as often
#   (karmada-io/karmada #6407).
# custom:
#   match:
#     groups: [research.example.com]
#     kinds: [ResearchSession]
#     operations: [CREATE]
package quota["session-starts"]

demand["session-starts"] := 1 if input.request.operation == "CREATE"
