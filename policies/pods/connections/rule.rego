# METADATA
# title: A tenant's own people connect to its Pods, and nobody by the API server's proxy
# description: |
#   exec, attach and port-forward look into a Pod past everything that its creation was
#   judged by, and Pod Security asks about none of them. The tenant's owner and the
#   ServiceAccounts of her namespace may. An organization's admin sees what runs and looks
#   into nothing; neither does the account of the GitOps tool, whose terminal outlived its
#   login in Argo CD's CVE-2023-40025. The proxy to Pods and Services sends from the API
#   server's own address, past every NetworkPolicy: CVE-2020-8562 turned it on what the API
#   server alone reaches, CVE-2018-1002105 on the kubelet. A way to connect that is not
#   listed is denied.
# custom:
#   match:
#     groups: ["*"]
#     kinds: ["*"]
#     operations: [CONNECT]
#   parameters:
#     connections: [pods/attach, pods/exec, pods/portforward]
package pods.connections

import data.lib.text
import data.lib.write

deny contains text.message(
	sprintf("%s may not connect to %s of %s", [text.quote(author), text.quote(way), text.quote(name)]),
	"the tenant's owner and the ServiceAccounts of its namespace may look into its Pods",
	"ask the tenant, or a platform administrator",
) if {
	not write.by_platform
	not hers
}

deny contains text.message(
	sprintf("%s of %s is no way to connect here", [text.quote(way), text.quote(name)]),
	sprintf("allowed: %s", [text.list(connections)]),
	"kubectl port-forward reaches a port of a Pod without the API server's proxy",
) if {
	not write.by_platform
	not way in connections
}

# hers: by the tenant's owner, or by an account that acts for her with the rights that she
# gave it.
default hers := false

hers if {
	input.caller.relation == "owner"
	input.caller.class in {"human", "service-account"}
}

default connections := []

connections := input.parameters.connections

default way := "something"

way := concat("/", [input.request.resource.resource, input.request.subResource])

default name := ""

name := input.request.name

default author := "somebody unknown"

author := input.caller.author if input.caller.author != ""
