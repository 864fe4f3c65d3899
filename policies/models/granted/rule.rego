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

# A choice is {at, value}: where a model is chosen, and what is chosen. Partial sets
# are never undefined, so that no choice is lost.
chosen contains session_choice(input.request.object) if is_session

chosen contains choice if some choice in env_choices(input.expansion.pods)

chosen_before contains session_choice(input.request.oldObject) if {
	input.request.operation == "UPDATE"
	is_session
	is_object(input.request.oldObject)
}

chosen_before contains choice if {
	input.request.operation == "UPDATE"
	some choice in env_choices(input.expansion.oldPods)
}

deny contains text.message(problem(choice), allowed, next) if {
	some choice in (chosen - chosen_before)
	value := choice.value
	not acceptable(value)
}

deny contains text.message(
	sprintf("%s is not of a shape that can be judged", [at]),
	"settings are objects, containers and their env lists of objects with a name",
	"correct the manifest",
) if {
	some at in malformed
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

session_choice(session) := {"at": "spec.llmSettings.model", "value": session_model(session)}

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

session_has_spec if has_spec(input.request.object)

malformed contains "spec.llmSettings" if {
	is_session
	settings := input.request.object.spec.llmSettings
	not type_name(settings) in {"object", "null"}
}

# Environment of containers.

lists := ["containers", "initContainers", "ephemeralContainers"]

env_choices(pods) := {choice |
	some pod in pods
	some list in lists
	some container in pod.spec[list]
	some variable in container.env
	chooses_model(variable.name)
	choice := {"at": place(pod, list, container, variable), "value": env_value(variable)}
}

chooses_model(name) if name in input.parameters.env

chooses_model(name) if {
	is_string(name)
	some family in input.parameters.envFamilies
	startswith(name, family.prefix)
	endswith(name, family.suffix)
}

place(pod, list, container, variable) := sprintf("%s.%s[%s].env[%s]", [
	path(pod),
	list,
	text.quote(object.get(container, "name", "")),
	text.quote(variable.name),
])

# Where a pod's spec is, for people: the pod's path is empty for a Pod itself.
path(pod) := "spec" if object.get(pod, "path", "") == ""

else := sprintf("%s.spec", [pod.path])

# What Kubernetes makes of a variable: no value is the empty one.
env_value(variable) := {"from": variable.valueFrom} if object.get(variable, "valueFrom", null) != null

else := value if {
	value := object.get(variable, "value", null)
	value != null
}

else := ""

# Nothing of another shape is passed over: what cannot be read is named.

malformed contains path(pod) if {
	some pod in input.expansion.pods
	not has_spec(pod)
}

malformed contains sprintf("%s.%s", [path(pod), list]) if {
	some pod in input.expansion.pods
	some list in lists
	value := pod.spec[list]
	not type_name(value) in {"array", "null"}
}

malformed contains sprintf("%s.%s[%d]", [path(pod), list, i]) if {
	some pod in input.expansion.pods
	some list in lists
	some i, container in pod.spec[list]
	not is_container(container)
}

has_spec(object) if is_object(object.spec)

is_container(container) if {
	is_object(container)
	env := object.get(container, "env", null)
	type_name(env) in {"array", "null"}
	count([variable | some variable in env; not has_name(variable)]) == 0
}

has_name(variable) if is_string(variable.name)

# Verdict on one value.

acceptable(value) if {
	name := model_of(value)
	name in input.models.effective
	object.get(input.models.known[name], "retired", true) == false
}

model_of(value) := value if input.models.known[value]

else := input.models.aliases[value]

problem(choice) := sprintf("model %s at %s is not granted to tenant %s", [
	text.quote(choice.value), choice.at, text.quote(tenant),
]) if {
	object.get(input.models.known[model_of(choice.value)], "retired", true) == false
}

else := sprintf("model %s at %s is retired", [text.quote(choice.value), choice.at]) if {
	input.models.known[model_of(choice.value)]
}

else := sprintf("the model at %s is taken from elsewhere (valueFrom) and cannot be judged", [choice.at]) if {
	choice.value.from
}

else := sprintf("model %s at %s is not known here", [text.quote(choice.value), choice.at])

default tenant := "none"

tenant := input.tenant.name

default usable := "none"

usable := text.list(input.models.effective)

allowed := sprintf("usable: %s", [usable])

default next := "choose one of them, or ask the platform's administrators for a grant"

next := sprintf("choose one of them, or ask an admin of organization %s for a grant", [
	text.quote(input.organization.name),
])
