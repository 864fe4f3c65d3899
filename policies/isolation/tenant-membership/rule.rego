# METADATA
# title: Only those who belong to a tenant write in its namespace
# description: |
#   Denies every write whose author is not the tenant's owner, an admin of the tenant's
#   organization, the platform or the system. Go works out the relation from who the API
#   server says is calling; a relation or role that is missing or unknown has no right.
#   RBAC still decides which verbs the others have.
#   Flux Operator skipped impersonation where claims were empty (CVE-2026-23990), Kyverno a
#   rule whose look at the namespace failed (CVE-2025-46342).
# custom:
#   match:
#     groups: ["*"]
#     kinds: ["*"]
#     operations: ["*"]
#   parameters:
#     namespacePrefix: claude-runner-user-
package isolation["tenant-membership"]

import data.lib.text
import data.lib.write

# writers names the relations of a tenant's side that may write and the roles that go
# with them: what is not in it may not, an auditor for instance.
writers := {
	"owner": {"member", "admin", "deployer", "none"},
	"org-admin": {"admin"},
}

default may_write := false

may_write if write.by_platform

may_write if input.caller.role in writers[input.caller.relation]

# What the message names, each with something to say when it is missing: nothing that
# the message needs may stop a denial.
default relation := "unknown"

relation := input.caller.relation

default role := "unknown"

role := input.caller.role

default author := "somebody unknown"

author := input.caller.author if input.caller.author != ""

default actor := ""

actor := input.caller.actor

default own_tenant := ""

own_tenant := input.caller.tenant

default place := "outside every namespace"

place := sprintf("in namespace %s", [text.quote(input.request.namespace)]) if input.request.namespace != ""

default what := "objects"

what := input.request.resource.resource if input.request.resource.resource != ""

who := sprintf("%s on behalf of %s", [text.quote(actor), text.quote(author)]) if not actor in {"", author}

else := text.quote(author)

deny contains text.message(problem, allowed, next) if not may_write

problem := sprintf("%s may not write %s %s", [who, text.quote(what), place]) if relation in {"foreign", "outside"}

else := sprintf("%s with relation %s and role %s may not write %s", [
	who, text.quote(relation), text.quote(role), place,
])

has_tenant if not own_tenant in {"", null}

default prefix := "claude-runner-user-"

prefix := input.parameters.namespacePrefix

allowed := sprintf("the author's own namespace is %s", [
	text.quote(concat("", [prefix, own_tenant])),
]) if has_tenant

else := "the author has no tenant yet"

next := "write there, or ask an admin of the organization whose namespace it is" if has_tenant

else := sprintf("onboard first: kubectl create a Tenant of gatehouse.dev/v1alpha1 with spec.owner.user %s", [
	text.quote(author),
])
