package gitops.tracking_test

import data.gitops.tracking

home := "claude-runner-user-alice"

review(kind, metadata) := {
	"request": {"operation": "CREATE", "namespace": home, "kind": kind, "object": {"metadata": metadata}},
	"caller": {"relation": "owner", "role": "deployer"},
	"parameters": {"applications": []},
}

map := {"group": "", "kind": "ConfigMap"}

tracked(id) := review(map, {"annotations": {"argocd.argoproj.io/tracking-id": id}})

labeled(name, found) := review({"group": "", "kind": "Secret"}, {"labels": {name: found}})

test_own_marks_pass if {
	every metadata in [{}, {"annotations": null, "labels": null}, {"annotations": {"argocd.argoproj.io/sync-wave": "1"}}, {"labels": {"app": "x"}}] {
		count(tracking.deny) == 0 with input as review(map, metadata)
	}
	count(tracking.deny) == 0 with input as tracked("web:/ConfigMap:claude-runner-user-alice/web")
	count(tracking.deny) == 0 with input as tracked("alice_web:apps/Deployment:claude-runner-user-alice/web")
}

test_marks_of_others_do_not if {
	every id in [
		"web:/ConfigMap:claude-runner-user-bob/web", "web:/ConfigMap:/web", "web", "", "web:claude-runner-user-alice/web",
		"web:/ConfigMap:claude-runner-user-alice/web/x", "a:b:c:claude-runner-user-alice/web",
		"a:b:claude-runner-user-alice/web:c", 7, ["x"], {"a": 1}, true,
	] {
		count(tracking.deny) == 1 with input as tracked(id)
	}
	count(tracking.deny) == 1 with input as object.remove(tracked("web:/ConfigMap:claude-runner-user-bob/web"), ["parameters"])
	every found in ["cluster", "repository", "repo-creds", "", 7] {
		count(tracking.deny) == 1 with input as labeled("argocd.argoproj.io/secret-type", found)
	}
	count(tracking.deny) == 1 with input as labeled("argocd.argoproj.io/managed-by", "argocd")
}

test_applications if {
	every kind in ["Application", "AppProject", "ApplicationSet"] {
		application := review({"group": "argoproj.io", "kind": kind}, {})
		count(tracking.deny) == 1 with input as application
		count(tracking.deny) == 1 with input as object.remove(application, ["parameters"])
		count(tracking.deny) == 0 with input as object.union(application, {"parameters": {"applications": [kind]}})
		count(tracking.deny) == 0 with input as review({"group": "example.com", "kind": kind}, {})
	}
	count(tracking.deny) == 0 with input as review({"group": "argoproj.io", "kind": "Workflow"}, {})
}

test_only_a_change_is_judged if {
	foreign := tracked("web:/ConfigMap:claude-runner-user-bob/web")
	kept := {"request": {"operation": "UPDATE", "oldObject": foreign.request.object}}
	count(tracking.deny) == 0 with input as object.union(foreign, kept)
	count(tracking.deny) == 1 with input as object.union(foreign, {"request": {"operation": "UPDATE", "oldObject": {}}})
	cleaned := {"request": {"operation": "UPDATE", "oldObject": foreign.request.object}}
	count(tracking.deny) == 0 with input as object.union(review(map, {}), cleaned)
	unmarked := {"request": {"operation": "UPDATE", "oldObject": labeled("argocd.argoproj.io/secret-type", "cluster").request.object}}
	count(tracking.deny) == 0 with input as object.union(review(map, {}), unmarked)
	secret := labeled("argocd.argoproj.io/secret-type", "cluster")
	count(tracking.deny) == 0 with input as object.union(secret, {"request": {"operation": "UPDATE", "oldObject": secret.request.object}})
	count(tracking.deny) == 0 with input as object.union(foreign, {"caller": {"relation": "system", "role": "system"}})
}

test_odd_shapes_are_denied if {
	every odd in ["x", 7, ["x"], true] {
		count(tracking.deny) == 1 with input as review(map, {"labels": odd})
		count(tracking.deny) == 1 with input as review(map, {"annotations": odd})
	}
	count(tracking.deny) == 1 with input as {}
}

test_messages if {
	some msg in tracking.deny with input as tracked("x\ny")
	startswith(msg, `annotation argocd.argoproj.io/tracking-id is "x\ny"; ids of objects of namespace "claude-runner-user-alice"; `)
	some app in tracking.deny with input as review({"group": "argoproj.io", "kind": "Application"}, {})
	startswith(app, `"Application" of argoproj.io in a tenant's namespace; kinds that the platform set up: none; `)
}
