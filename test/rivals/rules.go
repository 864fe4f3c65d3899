package rivals

import "fmt"

// All is the expression of the variable "all" that the rules in CEL use: all containers.
const All = "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])"

// Rule is one rule in two languages.
type Rule struct {
	Name string
	// CEL is true of a Pod that may be.
	CEL string
	// rego is the body of a rule that denies one that may not be.
	rego string
	// broken is a Pod's spec, in JSON, that only this rule refuses.
	broken string
}

// Module is the rule as a policy of Gatehouse, which OPA takes as it is.
func (r Rule) Module() string {
	return fmt.Sprintf(`# METADATA
# title: For measuring, %[1]s
# description: For measuring.
# custom:
#   match:
#     groups: [""]
#     kinds: [Pod]
#     operations: [CREATE, UPDATE]
package rivals.%[1]s

containers := array.concat(
	object.get(input.request.object.spec, "containers", []),
	object.get(input.request.object.spec, "initContainers", []),
)

deny contains "not this; allowed: something else; change it" if {
%[2]s
}
`, r.Name, r.rego)
}

// Rules are the fifteen.
func Rules() []Rule { return rules }

const image = `"name":"c","image":"quay.io/a/b:1"`

func with(container string) string { return `{"containers":[{` + image + `,` + container + `}]}` }

func beside(field string) string { return `{"containers":[{` + image + `}],` + field + `}` }

var rules = []Rule{
	{"privileged",
		`!variables.all.exists(c, has(c.securityContext) && has(c.securityContext.privileged) && c.securityContext.privileged)`,
		`	some c in containers
	c.securityContext.privileged == true`,
		with(`"securityContext":{"privileged":true}`)},
	{"hostnetwork",
		`!has(object.spec.hostNetwork) || !object.spec.hostNetwork`,
		`	input.request.object.spec.hostNetwork == true`,
		beside(`"hostNetwork":true`)},
	{"hostpid",
		`!has(object.spec.hostPID) || !object.spec.hostPID`,
		`	input.request.object.spec.hostPID == true`,
		beside(`"hostPID":true`)},
	{"hostipc",
		`!has(object.spec.hostIPC) || !object.spec.hostIPC`,
		`	input.request.object.spec.hostIPC == true`,
		beside(`"hostIPC":true`)},
	{"hostpath",
		`!has(object.spec.volumes) || object.spec.volumes.all(v, !has(v.hostPath))`,
		`	some volume in input.request.object.spec.volumes
	volume.hostPath`,
		beside(`"volumes":[{"name":"v","hostPath":{"path":"/"}}]`)},
	{"hostport",
		`variables.all.all(c, !has(c.ports) || c.ports.all(p, !has(p.hostPort) || p.hostPort == 0))`,
		`	some c in containers
	some port in c.ports
	port.hostPort != 0`,
		with(`"ports":[{"containerPort":80,"hostPort":80}]`)},
	{"escalation",
		`variables.all.all(c, !has(c.securityContext) || !has(c.securityContext.allowPrivilegeEscalation) || !c.securityContext.allowPrivilegeEscalation)`,
		`	some c in containers
	c.securityContext.allowPrivilegeEscalation == true`,
		with(`"securityContext":{"allowPrivilegeEscalation":true}`)},
	{"root",
		`variables.all.all(c, !has(c.securityContext) || !has(c.securityContext.runAsUser) || c.securityContext.runAsUser != 0)`,
		`	some c in containers
	c.securityContext.runAsUser == 0`,
		with(`"securityContext":{"runAsUser":0}`)},
	{"capabilities",
		`variables.all.all(c, !has(c.securityContext) || !has(c.securityContext.capabilities) || !has(c.securityContext.capabilities.add) || c.securityContext.capabilities.add.all(x, x == 'NET_BIND_SERVICE'))`,
		`	some c in containers
	some capability in c.securityContext.capabilities.add
	capability != "NET_BIND_SERVICE"`,
		with(`"securityContext":{"capabilities":{"add":["SYS_ADMIN"]}}`)},
	{"seccomp",
		`variables.all.all(c, !has(c.securityContext) || !has(c.securityContext.seccompProfile) || c.securityContext.seccompProfile.type != 'Unconfined')`,
		`	some c in containers
	c.securityContext.seccompProfile.type == "Unconfined"`,
		with(`"securityContext":{"seccompProfile":{"type":"Unconfined"}}`)},
	{"repositories",
		`variables.all.all(c, ['registry.k8s.io/', 'quay.io/', 'example.com/'].exists(r, c.image.startsWith(r)))`,
		`	some c in containers
	count([r | some r in ["registry.k8s.io/", "quay.io/", "example.com/"]; startswith(c.image, r)]) == 0`,
		`{"containers":[{"name":"c","image":"docker.io/a:1"}]}`},
	{"tags",
		`variables.all.all(c, !c.image.endsWith(':edge'))`,
		`	some c in containers
	endswith(c.image, ":edge")`,
		`{"containers":[{"name":"c","image":"quay.io/a/b:edge"}]}`},
	{"procmount",
		`variables.all.all(c, !has(c.securityContext) || !has(c.securityContext.procMount) || c.securityContext.procMount == 'Default')`,
		`	some c in containers
	c.securityContext.procMount != "Default"`,
		with(`"securityContext":{"procMount":"Unmasked"}`)},
	{"priority",
		`!has(object.spec.priorityClassName) || !object.spec.priorityClassName.startsWith('system-')`,
		`	startswith(input.request.object.spec.priorityClassName, "system-")`,
		beside(`"priorityClassName":"system-node-critical"`)},
	{"tolerations",
		`!has(object.spec.tolerations) || object.spec.tolerations.all(t, has(t.key) && t.key != '')`,
		`	some toleration in input.request.object.spec.tolerations
	object.get(toleration, "key", "") == ""`,
		beside(`"tolerations":[{"operator":"Exists"}]`)},
}
