package cli

const ruleTemplate = `# METADATA
# title: Say in one line what this policy asks for
# description: |
#   Say what is judged, and what is not. This one asks that every ConfigMap names whom
#   to ask about it.
# custom:
#   match:
#     groups: [""]
#     kinds: [ConfigMap]
#     operations: [CREATE, UPDATE]
#   parameters:
#     label: contact
package {{package}}

import data.lib.text

deny contains text.message(problem, allowed, next) if not labelled

labelled if input.request.object.metadata.labels[input.parameters.label] != ""

problem := sprintf("ConfigMap %s names nobody to ask about it", [text.quote(name)])

# What the message needs has a default: a message that is undefined denies nothing.
default name := ""

name := input.request.object.metadata.name

allowed := "every ConfigMap carries the label"

next := "add the label"
`

const testTemplate = `package {{test}}

import data.{{package}} as {{alias}}

review_of_config_map(labels) := {
	"request": {"object": {"kind": "ConfigMap", "metadata": {"name": "settings", "labels": labels}}},
	"parameters": {"label": "contact"},
}

test_named if {
	{{alias}}.deny == set() with input as review_of_config_map({"contact": "alice"})
}

test_unnamed if {
	some msg in {{alias}}.deny with input as review_of_config_map({})
	contains(msg, "\"settings\"")
}

test_nothing_to_read if {
	count({{alias}}.deny) == 1 with input as {}
}
`

const passTemplate = `named:
  case: a ConfigMap that names its contact
  input:
    request:
      kind: {group: "", version: v1, kind: ConfigMap}
      object:
        kind: ConfigMap
        metadata: {name: settings, labels: {contact: alice}}
`

const failTemplate = `unnamed:
  case: a ConfigMap that names nobody
  input:
    request:
      kind: {group: "", version: v1, kind: ConfigMap}
      object:
        kind: ConfigMap
        metadata: {name: settings}
  expect:
    deny:
      - ConfigMap "settings" names nobody
`
