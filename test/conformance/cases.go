package conformance

import "slices"

// Cases are the promises, as seen by the sample users with RBAC wide open.
func Cases() []Case {
	return slices.Concat(isolation(), models(), limits(), passports(), platform())
}

const (
	aliceNS = "claude-runner-user-alice"
	bobNS   = "claude-runner-user-bob"
	carolNS = "claude-runner-user-carol"
)

func isolation() []Case {
	return []Case{
		{Name: "alice writes at home", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: configMap("note"), Author: "local:alice"},
		{Name: "alice writes into bob's namespace", As: "alice", Operation: "CREATE", Namespace: bobNS, Manifest: configMap("note"),
			Denied: "isolation/tenant-membership", Says: []string{`"local:alice"`, bobNS, aliceNS}},
		{Name: "bob writes into alice's namespace", As: "bob", Operation: "CREATE", Namespace: aliceNS, Manifest: configMap("note"),
			Denied: "isolation/tenant-membership"},
		{Name: "bob changes what alice made", As: "bob", Operation: "UPDATE", Namespace: aliceNS, Before: configMap("note"), BeforeAs: "alice",
			Manifest: configMap("note", "changed"), Denied: "isolation/tenant-membership"},
		{Name: "bob deletes what alice made", As: "bob", Operation: "DELETE", Namespace: aliceNS, Before: configMap("note"), BeforeAs: "alice",
			Denied: "isolation/tenant-membership"},
		{Name: "alice deletes what she made", As: "alice", Operation: "DELETE", Namespace: aliceNS, Before: configMap("note")},
		{Name: "erin has no tenant yet", As: "erin", Operation: "CREATE", Namespace: aliceNS, Manifest: configMap("note"),
			Denied: "isolation/tenant-membership", Says: []string{`"local:erin"`}},
		{Name: "carol is admin of alice's organization", As: "carol", Operation: "CREATE", Namespace: aliceNS, Manifest: configMap("note"), Author: "local:carol"},
		{Name: "dave is admin of another organization", As: "dave", Operation: "CREATE", Namespace: aliceNS, Manifest: configMap("note"),
			Denied: "isolation/tenant-membership"},
		{Name: "alice writes into the system namespace", As: "alice", Operation: "CREATE", Namespace: "claude-runner-system", Manifest: configMap("note"),
			Denied: "isolation/tenant-membership"},
		{Name: "alice writes into default", As: "alice", Operation: "CREATE", Namespace: "default", Manifest: configMap("note"),
			Denied: "isolation/tenant-membership"},
		{Name: "alice makes a namespace", As: "alice", Operation: "CREATE", Manifest: "apiVersion: v1\nkind: Namespace\nmetadata: {name: hers}\n",
			Denied: "isolation/tenant-membership"},
		{Name: "alice makes a cluster role", As: "alice", Operation: "CREATE",
			Manifest: "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: hers}\n", Denied: "isolation/tenant-membership"},
	}
}

func models() []Case {
	return []Case{
		{Name: "alice runs Claude Runner's own manifest", As: "alice", Operation: "CREATE", Namespace: aliceNS,
			Manifest: session("legacy", "claude-3-5-sonnet-20241022"), Author: "local:alice"},
		{Name: "alice names no model", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: session("plain", ""), Author: "local:alice"},
		{Name: "alice asks for opus", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: session("opus", "claude-opus"),
			Denied: "models/granted", Says: []string{`"claude-opus"`, `"claude-sonnet"`, "tier=standard"}},
		{Name: "alice asks for opus by its old id", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: session("opus", "claude-3-opus-20240229"),
			Denied: "models/granted"},
		{Name: "alice asks for a model that nobody knows", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: session("what", "Claude-Sonnet"),
			Denied: "models/granted"},
		{Name: "alice changes a session to opus", As: "alice", Operation: "UPDATE", Namespace: aliceNS, Before: session("turn", "claude-sonnet"),
			Manifest: session("turn", "claude-opus"), Denied: "models/granted"},
		{Name: "carol may use opus", As: "carol", Operation: "CREATE", Namespace: carolNS, Manifest: session("opus", "claude-opus"), Author: "local:carol"},
		{Name: "carol gets no opus in alice's namespace", As: "carol", Operation: "CREATE", Namespace: aliceNS, Manifest: session("opus", "claude-opus"),
			Denied: "models/granted"},
		{Name: "bob may use llama", As: "bob", Operation: "CREATE", Namespace: bobNS, Manifest: session("llama", "llama-70b"), Author: "local:bob"},
		{Name: "alice asks for opus through a Job", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: job("opus", "ANTHROPIC_MODEL", "claude-opus"),
			Denied: "models/granted", Says: []string{"ANTHROPIC_MODEL"}},
		{Name: "alice runs a Job with sonnet", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: job("sonnet", "LLM_MODEL", "claude-sonnet"), Author: "local:alice"},
		{Name: "alice asks for opus through a Pod", As: "alice", Operation: "CREATE", Namespace: aliceNS, Manifest: pod("opus", "LLM_MODEL", "claude-opus"),
			Denied: "models/granted"},
	}
}

func limits() []Case {
	return []Case{
		{Name: "alice's third session passes", As: "alice", Operation: "CREATE", Namespace: aliceNS, Fill: 2, Manifest: session("third", "claude-sonnet"), Author: "local:alice"},
		{Name: "alice's fourth session does not", As: "alice", Operation: "CREATE", Namespace: aliceNS, Fill: 3, Manifest: session("fourth", "claude-sonnet"),
			Denied: "quota/sessions", Says: []string{"limit 3", "used 3", "tier standard", "tier=standard"}},
		{Name: "bob's fourth session passes", As: "bob", Operation: "CREATE", Namespace: bobNS, Fill: 3, Manifest: session("fourth", "claude-sonnet"), Author: "local:bob"},
	}
}

func passports() []Case {
	planted := "v1.k1.e30.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
	return []Case{
		{Name: "a planted passport is dropped", As: "alice", Operation: "CREATE", Namespace: aliceNS,
			Manifest: annotated("planted", "gatehouse.dev/passport", planted), Author: "local:alice"},
		{Name: "a passport removed is put back", As: "alice", Operation: "UPDATE", Namespace: aliceNS, Before: configMap("back"), Manifest: configMap("back"), Author: "local:alice"},
		{Name: "carol's change makes it hers", As: "carol", Operation: "UPDATE", Namespace: aliceNS, Before: configMap("hers"), BeforeAs: "alice",
			Manifest: configMap("hers", "changed"), Author: "local:carol"},
		{Name: "a status that she may not write is dropped", As: "alice", Operation: "CREATE", Namespace: aliceNS,
			Manifest: session("forged", "claude-sonnet") + "status:\n  phase: Completed\n  cost: 0\n", Author: "local:alice", Stored: map[string]string{"status.cost": "", "status.phase": ""}},
		{Name: "phase Pending survives a create", As: "alice", Operation: "CREATE", Namespace: aliceNS,
			Manifest: session("pending", "claude-sonnet") + "status:\n  phase: Pending\n  message: forged\n", Stored: map[string]string{"status.phase": "Pending", "status.message": ""}},
		{Name: "alice cannot end her session on paper", As: "alice", Operation: "UPDATE", Namespace: aliceNS, Before: session("paper", "claude-sonnet"),
			Manifest: session("paper", "claude-sonnet") + "status:\n  phase: Completed\n  cost: 0\n  finalOutput: forged\n",
			Stored:   map[string]string{"status.cost": "", "status.finalOutput": ""}, Unstored: map[string]string{"status.phase": "Completed"}, Says: []string{"status was put back"}},
	}
}

func platform() []Case {
	tenant := func(name string) string {
		return "apiVersion: gatehouse.dev/v1alpha1\nkind: Tenant\nmetadata: {name: " + name + "}\n"
	}
	return []Case{
		{Name: "erin takes alice's name", As: "erin", Operation: "CREATE", Manifest: tenant("alice-2"), Denied: "identity/tenant-name", Says: []string{`"erin"`}},
		{Name: "erin takes a better tier", As: "erin", Operation: "CREATE", Manifest: tenant("erin") + "spec: {tier: enterprise}\n",
			Denied: "identity/tenant-tier", Says: []string{`"standard"`}},
		{Name: "erin takes another owner", As: "erin", Operation: "CREATE", Manifest: tenant("erin") + "spec: {owner: {user: 'local:alice'}}\n",
			Denied: "identity/tenant-owner-user"},
		{Name: "alice makes a tier", As: "alice", Operation: "CREATE", Manifest: "apiVersion: gatehouse.dev/v1alpha1\nkind: Tier\nmetadata: {name: mine}\nspec: {rank: 9}\n",
			Denied: "identity/platform-object"},
		{Name: "erin onboards", As: "erin", Operation: "CREATE", Manifest: tenant("erin"),
			Stored: map[string]string{"spec.owner.user": "local:erin", "spec.organization": "individuals", "spec.tier": "standard"}},
	}
}
