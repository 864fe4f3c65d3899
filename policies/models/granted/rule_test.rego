package models.granted_test

import data.models.granted

parameters := {
	"defaultModel": "claude-3-5-sonnet-20241022",
	"env": ["LLM_MODEL", "ANTHROPIC_MODEL"],
	"envFamilies": [{"prefix": "ANTHROPIC_DEFAULT_", "suffix": "_MODEL"}],
}

models := {
	"effective": ["claude-sonnet", "claude-old"],
	"aliases": {"claude-3-5-sonnet-20241022": "claude-sonnet", "claude-3-opus": "claude-opus", "dangling": "gone"},
	"known": {
		"claude-sonnet": {"provider": "anthropic", "retired": false},
		"claude-opus": {"provider": "anthropic", "retired": false},
		"claude-old": {"provider": "anthropic", "retired": true},
		"odd": {"provider": "anthropic"},
	},
}

review(operation, kind, object, old) := {
	"request": {
		"kind": kind,
		"operation": operation,
		"subResource": "",
		"object": object,
		"oldObject": old,
	},
	"tenant": {"name": "alice"},
	"organization": {"name": "acme"},
	"models": models,
	"expansion": {"pods": [], "oldPods": []},
	"parameters": parameters,
}

session_kind := {"group": "research.example.com", "version": "v1", "kind": "ResearchSession"}

pod_kind := {"group": "", "version": "v1", "kind": "Pod"}

settings(value) := {"spec": {"prompt": "p", "websiteURL": "w", "llmSettings": value}}

creates(object) := review("CREATE", session_kind, object, null)

updates(object, old) := review("UPDATE", session_kind, object, old)

runs(pods) := object.union(review("CREATE", pod_kind, {"spec": {}}, null), {"expansion": {"pods": pods}})

changes(pods, old) := object.union(
	review("UPDATE", pod_kind, {"spec": {}}, {"spec": {}}),
	{"expansion": {"pods": pods, "oldPods": old}},
)

pod(list, env) := {"path": "", "metadata": {}, "spec": {list: [{"name": "main", "env": env}]}}

test_granted_models_pass if {
	every value in ["claude-sonnet", "claude-3-5-sonnet-20241022", null] {
		count(granted.deny) == 0 with input as creates(settings({"model": value}))
	}
	count(granted.deny) == 0 with input as creates(settings({}))
	count(granted.deny) == 0 with input as creates(settings(null))
	count(granted.deny) == 0 with input as creates({"spec": {"prompt": "p"}})
}

test_others_do_not if {
	every value in [
		"claude-opus", "claude-3-opus", "claude-old", "dangling", "gone", "odd",
		"Claude-Sonnet", " claude-sonnet", "claude-sonnet\n", "", "nobody",
		7, true, ["claude-sonnet"], {"claude-sonnet": true},
	] {
		count(granted.deny) == 1 with input as creates(settings({"model": value}))
	}
}

test_the_default_needs_a_grant_too if {
	poor := object.union(creates({"spec": {"prompt": "p"}}), {"models": {"effective": ["claude-opus"]}})
	some msg in granted.deny with input as poor
	startswith(msg, `model "claude-3-5-sonnet-20241022" at spec.llmSettings.model is not granted`)
}

test_odd_shapes_are_denied if {
	count(granted.deny) > 0 with input as creates({"spec": "claude-sonnet"})
	count(granted.deny) > 0 with input as creates({})
	every value in ["claude-sonnet", 7, ["claude-sonnet"], true] {
		some msg in granted.deny with input as creates(settings(value))
		startswith(msg, "spec.llmSettings is not of a shape")
	}
}

test_no_models_known_is_denied if {
	count(granted.deny) == 1 with input as object.remove(creates(settings({"model": "claude-sonnet"})), ["models"])
	count(granted.deny) == 1 with input as object.remove(creates(settings({})), ["parameters"])
}

test_messages if {
	granted.deny == {concat("", [
		`model "claude-opus" at spec.llmSettings.model is not granted to tenant "alice"; `,
		`usable: "claude-sonnet"; `,
		`choose one of them, or ask an admin of organization "acme" for a grant`,
	])} with input as creates(settings({"model": "claude-opus"}))
	some retired in granted.deny with input as creates(settings({"model": "claude-old"}))
	startswith(retired, `model "claude-old" at spec.llmSettings.model is retired; `)
	some unknown in granted.deny with input as creates(settings({"model": "gpt"}))
	startswith(unknown, `model "gpt" at spec.llmSettings.model is not known here; `)
	nobodys := object.remove(creates(settings({"model": "claude-opus"})), ["tenant", "organization"])
	some msg in granted.deny with input as nobodys
	contains(msg, `not granted to tenant "none"`)
	endswith(msg, "ask the platform's administrators for a grant")
}

test_update_judges_what_changed if {
	count(granted.deny) == 0 with input as updates(settings({"model": "claude-old"}), settings({"model": "claude-old"}))
	count(granted.deny) == 0 with input as updates({"spec": {"prompt": "new"}}, settings({"model": parameters.defaultModel}))
	count(granted.deny) == 1 with input as updates(settings({"model": "claude-opus"}), settings({"model": "claude-sonnet"}))
	count(granted.deny) == 1 with input as updates(settings({"model": "claude-opus"}), null)
}

test_create_has_no_past if {
	lying := object.union(creates(settings({"model": "claude-opus"})), {"request": {"oldObject": settings({"model": "claude-opus"})}})
	count(granted.deny) == 1 with input as lying
}

test_env_of_every_list if {
	every list in ["containers", "initContainers", "ephemeralContainers"] {
		every name in ["LLM_MODEL", "ANTHROPIC_MODEL", "ANTHROPIC_DEFAULT_OPUS_MODEL"] {
			some msg in granted.deny with input as runs([pod(list, [{"name": name, "value": "claude-opus"}])])
			contains(msg, sprintf("at spec.%s[\"main\"].env[%q] is not granted", [list, name]))
			count(granted.deny) == 0 with input as runs([pod(list, [{"name": name, "value": "claude-sonnet"}])])
		}
	}
}

test_other_env_is_left_alone if {
	count(granted.deny) == 0 with input as runs([pod("containers", [
		{"name": "MODEL", "value": "claude-opus"},
		{"name": "ANTHROPIC_DEFAULT_HEADERS", "value": "x"},
		{"name": "HOME", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name"}}},
	])])
	count(granted.deny) == 0 with input as runs([{"path": "", "spec": {"containers": [{"name": "main"}]}}])
	count(granted.deny) == 0 with input as runs([{"path": "", "spec": {"containers": [{"name": "main", "env": null}]}}])
	count(granted.deny) == 0 with input as runs([{"path": "", "spec": {}}])
}

test_env_without_a_plain_name_is_denied if {
	every value in ["", null, "$(OTHER)", 7, ["claude-sonnet"]] {
		count(granted.deny) == 1 with input as runs([pod("containers", [{"name": "LLM_MODEL", "value": value}])])
	}
	count(granted.deny) == 1 with input as runs([pod("containers", [{"name": "LLM_MODEL"}])])
	some msg in granted.deny with input as runs([pod("containers", [{
		"name": "LLM_MODEL",
		"valueFrom": {"configMapKeyRef": {"name": "m", "key": "k"}},
	}])])
	contains(msg, "is taken from elsewhere (valueFrom) and cannot be judged")
}

test_malformed_containers_are_denied if {
	every spec in [
		null,
		"claude",
		{"containers": {}},
		{"containers": [7]},
		{"containers": [{"name": "main", "env": {}}]},
		{"containers": [{"name": "main", "env": ["LLM_MODEL=claude-opus"]}]},
		{"containers": [{"name": "main", "env": [{"name": 7, "value": "claude-opus"}]}]},
	] {
		count(granted.deny) > 0 with input as runs([{"path": "", "spec": spec}])
	}
	some msg in granted.deny with input as runs([{"spec": {"containers": [{"env": [{"name": "LLM_MODEL", "value": "x"}]}]}}])
	contains(msg, `spec.containers[""].env["LLM_MODEL"]`)
}

test_update_of_pods_judges_what_changed if {
	opus := pod("containers", [{"name": "LLM_MODEL", "value": "claude-opus"}])
	sonnet := pod("containers", [{"name": "LLM_MODEL", "value": "claude-sonnet"}])
	count(granted.deny) == 0 with input as changes([opus], [opus])
	count(granted.deny) == 1 with input as changes([opus], [sonnet])
	count(granted.deny) == 1 with input as changes([opus], [])
	later := pod("ephemeralContainers", [{"name": "LLM_MODEL", "value": "claude-opus"}])
	count(granted.deny) == 1 with input as changes([sonnet, later], [sonnet])
}

test_pods_that_were_not_worked_out_are_denied if {
	some msg in granted.deny with input as runs([])
	startswith(msg, `the pods of this "Pod" were not worked out`)
	count(granted.deny) == 1 with input as object.remove(runs([]), ["expansion"])
	some job in granted.deny with input as runs([{"path": "spec.template", "spec": 7}])
	startswith(job, "spec.template.spec is not of a shape")
	some nameless in granted.deny with input as {}
	startswith(nameless, `the pods of this "object" were not worked out`)
	count(granted.deny) == 0 with input as object.union(changes([], []), {"request": {"subResource": "status"}})
}

test_only_some_of_many_are_named if {
	many := [{"name": "LLM_MODEL", "value": sprintf("m%d", [i])} | some i, _ in split(sprintf("%20d", [0]), "")]
	count(granted.deny) == 9 with input as runs([pod("containers", many)])
	some msg in granted.deny with input as runs([pod("containers", many)])
	startswith(msg, `12 more choices of a model are not granted either; usable: "claude-sonnet"; `)
}

test_only_sessions_have_a_model_of_their_own if {
	plain := [pod("containers", [])]
	every body in [{"spec": {"llmSettings": {"model": "claude-opus"}}}, {"spec": {"llmSettings": "x"}}, {"spec": "x"}] {
		count(granted.deny) == 0 with input as object.union(runs(plain), {"request": {"object": body}})
	}
	pods := [pod("containers", [{"name": "LLM_MODEL", "value": parameters.defaultModel}])]
	count(granted.deny) == 0 with input as changes(pods, plain)
	opus := [{"path": "", "metadata": {}, "spec": {"containers": []}}]
	chosen := object.union(changes(opus, opus), {"request": {"object": settings({"model": "claude-opus"}), "oldObject": settings({"model": "claude-sonnet"})}})
	count(granted.deny) == 0 with input as chosen
}

test_a_session_is_of_its_group_and_kind if {
	every kind in [{"group": "example.com", "kind": "ResearchSession"}, {"group": "research.example.com", "kind": "Other"}] {
		some msg in granted.deny with input as review("CREATE", kind, settings({"model": "claude-sonnet"}), null)
		startswith(msg, "the pods of this ")
	}
}

test_a_new_pod_has_no_past if {
	pods := [pod("containers", [{"name": "LLM_MODEL", "value": "claude-opus"}])]
	count(granted.deny) == 1 with input as object.union(runs(pods), {"expansion": {"oldPods": pods}})
}

test_a_family_has_both_ends if {
	every name in ["OTHER_OPUS_MODEL", "ANTHROPIC_DEFAULT_OPUS"] {
		count(granted.deny) == 0 with input as runs([pod("containers", [{"name": name, "value": "claude-opus"}])])
	}
}
