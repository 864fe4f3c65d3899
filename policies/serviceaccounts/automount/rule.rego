# METADATA
# title: Accounts mount no token unless they say so
# description: |
#   The API server gives every Pod a token of its account, and with it the account's
#   rights to whoever gets into the Pod. It does so before any webhook sees the Pod, so it
#   is switched off on the account: automountServiceAccountToken is false on every new
#   ServiceAccount that says nothing, and stays so where a PUT of the same manifest would
#   drop it. An account or a Pod that says true has its token.
#   Kubernetes cannot change that default any more (kubernetes/kubernetes #57601).
# custom:
#   match:
#     groups: [""]
#     kinds: [ServiceAccount]
#     operations: [CREATE, UPDATE]
package serviceaccounts.automount

import data.lib.value
import data.lib.write

mutate contains {"path": "/automountServiceAccountToken", "value": false} if {
	write.kind == "ServiceAccount"
	write.main
	off
}

off if input.request.operation == "CREATE"

off if value.at(write.old, ["automountServiceAccountToken"]) == false
