package rivals

// podRules are those that look at the Pod itself.
func podRules() []Rule {
	return []Rule{
		{
			Name: "hostnamespaces",
			CEL:  "object.spec.?hostPID.orValue(false) || object.spec.?hostIPC.orValue(false) ? ['the Pod shares namespaces of its node'] : []",
			rego: `deny contains "the Pod shares namespaces of its node; allowed: its own; leave it out" if {
	some field in ["hostPID", "hostIPC"]
	spec[field] == true
}
`,
			broken: beside(`"hostPID":true`),
		},
		{
			Name: "hostpaths",
			CEL: "variables.volumes.filter(v, has(v.hostPath) && !params.data.hostPaths.split(',').exists(p, v.hostPath.path == p || v.hostPath.path.startsWith(p + '/')))" +
				".map(v, 'volume ' + v.name + ' is another path of the node')",
			rego: `deny contains sprintf("volume %s is another path of the node; allowed: what the parameters say; change it", [v.name]) if {
	some v in volumes
	path := v.hostPath.path
	not within(path)
}

within(path) if path in input.parameters.hostPaths

within(path) if {
	some prefix in input.parameters.hostPaths
	startswith(path, concat("", [prefix, "/"]))
}
`,
			broken: beside(`"volumes":[{"name":"v","hostPath":{"path":"/var/logs"}}]`),
		},
		{
			Name: "volumetypes",
			CEL: "variables.volumes.filter(v, v.exists(k, k != 'name' && !(k in params.data.volumeTypes.split(','))))" +
				".map(v, 'volume ' + v.name + ' is of another type')",
			rego: `deny contains sprintf("volume %s is of another type; allowed: what the parameters say; change it", [v.name]) if {
	some v in volumes
	some type, _ in v
	type != "name"
	types := input.parameters.volumeTypes
	not type in types
}
`,
			broken: beside(`"volumes":[{"name":"v","nfs":{"server":"s","path":"/"}}]`),
		},
		{
			Name: "flexvolumes",
			CEL: "variables.volumes.filter(v, has(v.flexVolume) && !(v.flexVolume.driver in params.data.drivers.split(',')))" +
				".map(v, 'volume ' + v.name + ' has another driver')",
			rego: `deny contains sprintf("volume %s has another driver; allowed: what the parameters say; change it", [v.name]) if {
	some v in volumes
	driver := v.flexVolume.driver
	drivers := input.parameters.drivers
	not driver in drivers
}
`,
			broken: beside(`"volumes":[{"name":"v","flexVolume":{"driver":"example/other"}}]`),
		},
		{
			Name: "sysctls",
			CEL: "object.spec.?securityContext.?sysctls.orValue([]).filter(s, params.data.sysctls.split(',').exists(f, f.endsWith('*') ? s.name.startsWith(f.substring(0, size(f) - 1)) : s.name == f))" +
				".map(s, 'sysctl ' + s.name + ' is forbidden')",
			rego: `deny contains sprintf("sysctl %s is forbidden; allowed: others; leave it out", [s.name]) if {
	some s in spec.securityContext.sysctls
	forbidden(s.name)
}

forbidden(name) if name in input.parameters.sysctls

forbidden(name) if {
	some entry in input.parameters.sysctls
	endswith(entry, "*")
	startswith(name, trim_suffix(entry, "*"))
}
`,
			broken: beside(`"securityContext":{"sysctls":[{"name":"kernel.sem","value":"1"}]}`),
		},
	}
}
