# METADATA
# title: What a Pod requests
# description: |
#   Reads what Go worked out of a Pod (input.expansion.pods[0].requests): numbers by
#   resource, in the resource's own unit.
package lib.requests

import data.lib.value
import data.lib.write

# readable is false for a Pod whose requests were not worked out.
default readable := false

readable if is_object(all)

all := value.at(input.expansion.pods[0], ["requests"])

# holds is true for a Pod that has not ended.
default holds := false

holds if {
	readable
	not ended
}

ended if value.at(write.object, ["status", "phase"]) in {"Succeeded", "Failed"}

amount(name) := object.get(all, name, 0) if readable

else := 0

memory := sum([n | some name, n in all; is_memory(name)])

is_memory("memory")

is_memory(name) if startswith(name, "hugepages-")

# devices counts whatever a node does not have by itself: names of another domain.
devices := sum([n | some name, n in all; is_device(name)])

is_device(name) if {
	contains(name, "/")
	domain := split(name, "/")[0]
	not is_kubernetes(domain)
}

is_kubernetes("kubernetes.io")

is_kubernetes(domain) if endswith(domain, ".kubernetes.io")
