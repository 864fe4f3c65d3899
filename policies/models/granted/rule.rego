# METADATA
# title: Sessions and containers use only models that the tenant was granted
# description: |
#   Judges the model of a ResearchSession and the environment variables that choose a
#   model, in every container of pods, pod templates and jobs. An alias counts as the
#   model that it names; names are compared exactly. On UPDATE only what changed is
#   judged, so that a session of a model that was retired since still gets its messages
#   and its scale-down. Values taken from elsewhere (valueFrom) cannot be judged and are
#   denied. Not looked into: a whole ConfigMap or Secret taken in by envFrom, and what a
#   program is told by arguments or files.
#   Gateways leave it to headers which team has which model (asked for in
#   envoyproxy/ai-gateway #1931).
# custom:
#   match:
#     groups: ["", apps, batch, research.example.com]
#     kinds:
#       - CronJob
#       - DaemonSet
#       - Deployment
#       - Job
#       - Pod
#       - PodTemplate
#       - ReplicaSet
#       - ReplicationController
#       - ResearchSession
#       - StatefulSet
#     operations: [CREATE, UPDATE]
#   parameters:
#     # What Claude Runner means when a session names no model.
#     defaultModel: claude-3-5-sonnet-20241022
#     env:
#       - LLM_MODEL
#       - ANTHROPIC_MODEL
#       - ANTHROPIC_SMALL_FAST_MODEL
#       - CLAUDE_CODE_SUBAGENT_MODEL
#     envFamilies:
#       - {prefix: ANTHROPIC_DEFAULT_, suffix: _MODEL}
package models.granted

import data.lib.text

# Choices are [where, what, from]: where a model is chosen, as a path; what is chosen;
# and the source it is taken from instead, or null. Partial sets are never undefined, so
# that no choice is lost. Words are made for the few that are shown only: a Pod may hold
# thousands of variables.
chosen contains session_choice(input.request.object) if is_session

# The variables of a session's own Job follow from the session.
chosen contains choice if {
	not is_session
	some choice in env_choices(input.expansion.pods)
}

chosen_before contains session_choice(input.request.oldObject) if {
	input.request.operation == "UPDATE"
	is_session
	is_object(input.request.oldObject)
}

chosen_before contains choice if {
	input.request.operation == "UPDATE"
	not is_session
	some choice in env_choices(input.expansion.oldPods)
}

wrong contains choice if {
	some choice in (chosen - chosen_before)
	[_, what, from] := choice
	not [what, from] in acceptable
}

# acceptable are the values that may stand there: names and aliases of granted models.
acceptable contains [name, null] if some name in usable

acceptable contains [alias, null] if {
	some alias, name in input.models.aliases
	name in usable
}

usable contains name if {
	some name in input.models.effective
	input.models.known[name].retired == false
}

# most is how many choices are named.
most := 8

deny contains text.message(problem(choice), allowed, next) if {
	some choice in array.slice(sort(wrong), 0, most)
}

deny contains text.message(
	sprintf("%d more choices of a model are not granted either", [count(wrong) - most]),
	allowed,
	next,
) if {
	count(wrong) > most
}

deny contains text.message(
	sprintf("%s is not of a shape that can be judged", [at]),
	"settings are objects, containers and their env lists of objects with a name",
	"correct the manifest",
) if {
	some at in array.slice(sort(malformed), 0, most)
}

deny contains text.message(
	sprintf("the pods of this %s were not worked out, so its models cannot be judged", [text.quote(kind)]),
	"nothing is allowed unseen",
	"report this to the platform's administrators",
) if {
	not is_session
	subresource in {"", "ephemeralcontainers", "resize"}
	not has_pods
}

is_session if {
	input.request.kind.group == "research.example.com"
	input.request.kind.kind == "ResearchSession"
}

# Other subresources, as status, cannot change what containers run with.
default subresource := ""

subresource := input.request.subResource

has_pods if count(input.expansion.pods) > 0

default kind := "object"

kind := input.request.kind.kind

# Sessions.

session_choice(session) := [["spec.llmSettings.model"], session_model(session), null]

session_model(session) := value if {
	value := object.get(session, ["spec", "llmSettings", "model"], null)
	value != null
}

else := fallback

default fallback := ""

fallback := input.parameters.defaultModel

malformed contains "spec" if {
	is_session
	not session_has_spec
}

session_has_spec if is_object(input.request.object.spec)

malformed contains "spec.llmSettings" if {
	is_session
	settings := input.request.object.spec.llmSettings
	not type_name(settings) in {"object", "null"}
}

# Environment of containers.

lists := ["containers", "initContainers", "ephemeralContainers"]

# env_choices are the variables that choose a model. A variable without a value has the
# empty one.
env_choices(pods) := {choice |
	some pod in pods
	some list in lists
	some container in pod.spec[list]
	some variable in container.env
	chooses_model(variable.name)
	choice := [
		[object.get(pod, "path", ""), list, object.get(container, "name", ""), variable.name],
		object.get(variable, "value", ""),
		object.get(variable, "valueFrom", null),
	]
}

chooses_model(name) if name in input.parameters.env

chooses_model(name) if {
	is_string(name)
	some family in input.parameters.envFamilies
	startswith(name, family.prefix)
	endswith(name, family.suffix)
}

# Nothing of another shape is passed over: what cannot be read is named.

malformed contains spec_of(pod) if {
	some pod in input.expansion.pods
	not has_spec(pod)
}

has_spec(pod) if is_object(pod.spec)

malformed contains sprintf("%s.%s", [spec_of(pod), list]) if {
	some pod in input.expansion.pods
	some list in lists
	value := pod.spec[list]
	not type_name(value) in {"array", "null"}
}

malformed contains sprintf("%s.%s[%d]", [spec_of(pod), list, i]) if {
	some pod in input.expansion.pods
	some list in lists
	some i, container in pod.spec[list]
	not is_container(container)
}

is_container(container) if {
	is_object(container)
	not has_env(container)
}

is_container(container) if container.env == null

is_container(container) if {
	is_array(container.env)
	every variable in container.env {
		is_string(variable.name)
	}
}

has_env(container) if _ = container.env

spec_of(pod) := spec_at(object.get(pod, "path", ""))

# Where a pod's spec is: the path of a Pod itself is empty.
spec_at(path) := "spec" if path == ""

else := sprintf("%s.spec", [path])

# Words for one choice.

place_of(where) := where[0] if count(where) == 1

else := sprintf("%s.%s[%s].env[%s]", [
	spec_at(where[0]),
	where[1],
	text.quote(where[2]),
	text.quote(where[3]),
])

problem(choice) := sprintf("the model at %s is taken from elsewhere (valueFrom) and cannot be judged", [
	place_of(choice[0]),
]) if {
	choice[2] != null
}

else := sprintf("model %s at %s %s", [text.quote(choice[1]), place_of(choice[0]), fault(choice[1])])

fault(value) := sprintf("is not granted to tenant %s", [text.quote(tenant)]) if {
	object.get(model_of(value), "retired", true) == false
}

else := "is retired" if model_of(value)

else := "is not known here"

model_of(value) := input.models.known[value] if input.models.known[value]

else := input.models.known[input.models.aliases[value]]

default tenant := "none"

tenant := input.tenant.name

allowed := sprintf("usable: %s", [text.list(usable)])

default next := "choose one of them, or ask the platform's administrators for a grant"

next := sprintf("choose one of them, or ask an admin of organization %s for a grant", [
	text.quote(input.organization.name),
])
