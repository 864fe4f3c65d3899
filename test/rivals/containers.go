package rivals

// said is a list with a text for each container of which an expression is true.
func said(bad, what string) string {
	return "variables.judged.filter(c, " + bad + ").map(c, 'container ' + c.name + ' " + what + "')"
}

func denied(body, what string) string {
	return "deny contains said(c, \"" + what + "\") if {\n\tsome c in judged\n" + body + "\n}\n"
}

// containerRules are those that look at each container.
func containerRules() []Rule {
	return []Rule{
		{
			Name:   "privileged",
			CEL:    said("c.?securityContext.?privileged.orValue(false)", "is privileged"),
			rego:   denied("\tc.securityContext.privileged == true", "is privileged"),
			broken: with(`"privileged":true`),
		},
		{
			Name:   "escalation",
			CEL:    said("c.?securityContext.?allowPrivilegeEscalation.orValue(true)", "may get privileges"),
			rego:   denied("\tobject.get(c, [\"securityContext\", \"allowPrivilegeEscalation\"], true)", "may get privileges"),
			broken: with(`"allowPrivilegeEscalation":true`),
		},
		{
			Name: "capabilities",
			CEL: said("!c.?securityContext.?capabilities.?add.orValue([]).all(x, x in params.data.capabilities.split(','))", "adds capabilities") +
				" + " + said("!params.data.drops.split(',').all(x, x in c.?securityContext.?capabilities.?drop.orValue([]))", "keeps capabilities"),
			rego: denied("\tsome x in c.securityContext.capabilities.add\n\tcapabilities := input.parameters.capabilities\n\tnot x in capabilities", "adds capabilities") + "\n" +
				denied("\tsome x in input.parameters.drops\n\tnot x in object.get(c, [\"securityContext\", \"capabilities\", \"drop\"], [])", "keeps capabilities"),
			broken: with(`"capabilities":{"add":["SYS_ADMIN"],"drop":["ALL"]}`),
		},
		{
			Name: "hostports",
			CEL: "(object.spec.?hostNetwork.orValue(false) ? ['the Pod is in the network of its node'] : []) + " +
				said("c.?ports.orValue([]).exists(p, p.?hostPort.orValue(0) != 0 && (p.hostPort < int(params.data.ports.split(',')[0]) || p.hostPort > int(params.data.ports.split(',')[1])))", "takes a port of the node"),
			rego: "deny contains \"the Pod is in the network of its node; allowed: its own; leave it out\" if spec.hostNetwork == true\n\n" +
				denied("\tsome p in c.ports\n\tobject.get(p, \"hostPort\", 0) != 0\n\toutside(p.hostPort)", "takes a port of the node") +
				"\noutside(port) if port < to_number(input.parameters.ports[0])\n\noutside(port) if port > to_number(input.parameters.ports[1])\n",
			broken: pod("", good, `"ports":[{"containerPort":80,"hostPort":80}]`),
		},
		{
			Name:   "procmount",
			CEL:    said("!(c.?securityContext.?procMount.orValue('Default') in params.data.procMounts.split(','))", "sees more of /proc"),
			rego:   denied("\tlist := input.parameters.procMounts\n\tnot object.get(c, [\"securityContext\", \"procMount\"], \"Default\") in list", "sees more of /proc"),
			broken: with(`"procMount":"Unmasked"`),
		},
		{
			Name:   "readonlyroot",
			CEL:    said("!c.?securityContext.?readOnlyRootFilesystem.orValue(false)", "writes to its root"),
			rego:   denied("\tnot object.get(c, [\"securityContext\", \"readOnlyRootFilesystem\"], false)", "writes to its root"),
			broken: with(`"readOnlyRootFilesystem":false`),
		},
		{
			Name: "seccomp",
			CEL: said("!(c.?securityContext.?seccompProfile.?type.orValue(object.spec.?securityContext.?seccompProfile.?type.orValue('')) in params.data.profiles.split(','))",
				"has no such seccomp profile"),
			rego:   denied("\tlist := input.parameters.profiles\n\tnot of(c, [\"securityContext\", \"seccompProfile\", \"type\"], \"\") in list", "has no such seccomp profile"),
			broken: with(`"seccompProfile":{"type":"Unconfined"}`),
		},
		{
			Name: "selinux",
			CEL: said("c.?securityContext.?seLinuxOptions.orValue({}).exists(k, k in ['user', 'role'] || k == 'type' && !(c.securityContext.seLinuxOptions.type in params.data.seLinuxTypes.split(',')))",
				"has other SELinux options"),
			rego: denied("\tsome k, v in c.securityContext.seLinuxOptions\n\tother(k, v)", "has other SELinux options") +
				"\nother(k, _) if k in {\"user\", \"role\"}\n\nother(\"type\", v) if {\n\ttypes := input.parameters.seLinuxTypes\n\tnot v in types\n}\n",
			broken: with(`"seLinuxOptions":{"type":"spc_t"}`),
		},
		{
			Name: "users",
			CEL: said("[c.?securityContext.?runAsUser.orValue(object.spec.?securityContext.?runAsUser.orValue(0))].exists(u, u < int(params.data.users.split(',')[0]) || u > int(params.data.users.split(',')[1]))",
				"runs as another user"),
			rego: denied("\tstrange(of(c, [\"securityContext\", \"runAsUser\"], 0))", "runs as another user") +
				"\nstrange(user) if user < to_number(input.parameters.users[0])\n\nstrange(user) if user > to_number(input.parameters.users[1])\n",
			broken: with(`"runAsUser":0`),
		},
		{
			Name: "apparmor",
			CEL: said("!(c.?securityContext.?appArmorProfile.?type.orValue(object.spec.?securityContext.?appArmorProfile.?type.orValue('RuntimeDefault')) in params.data.appArmorProfiles.split(','))",
				"has no such AppArmor profile"),
			rego:   denied("\tlist := input.parameters.appArmorProfiles\n\tnot of(c, [\"securityContext\", \"appArmorProfile\", \"type\"], \"RuntimeDefault\") in list", "has no such AppArmor profile"),
			broken: with(`"appArmorProfile":{"type":"Unconfined"}`),
		},
	}
}
