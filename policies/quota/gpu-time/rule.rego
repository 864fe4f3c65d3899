# METADATA
# title: A Pod with devices takes device time
# description: |
#   Demands of dimension gpu-seconds, over a calendar month, the devices of a Pod times
#   the seconds of its spec.activeDeadlineSeconds; of one that names none, times the
#   parameter. That much is set aside when the Pod is made. Once it ended, what it used
#   counts, from its node taking it to its end; what a Pod without a deadline uses beyond
#   is counted too and stops the next one, not itself.
#   Budgets over time are asked for and missing elsewhere (kubernetes-sigs/kueue #28), and
#   what is counted in memory is lost at a restart (kubernetes-sigs/kueue #14609).
# custom:
#   match:
#     groups: [""]
#     kinds: [Pod]
#     operations: [CREATE]
#   parameters:
#     # What is set aside for a Pod that names no deadline.
#     undatedSeconds: 3600
package quota["gpu-time"]

import data.lib.requests
import data.lib.value
import data.lib.write

demand["gpu-seconds"] := requests.devices * seconds if {
	requests.holds
	requests.devices > 0
}

deadline := value.at(write.object, ["spec", "activeDeadlineSeconds"])

seconds := deadline if {
	is_number(deadline)
	deadline > 0
}

else := input.parameters.undatedSeconds
