package rivals

import (
	"fmt"
	"strings"
)

// Rule is one rule in two languages. Both name each offender, leave out containers whose image is
// exempt, look at all three lists of containers, and take their bounds from parameters.
type Rule struct {
	Name string
	// CEL is the list of what is wrong with a Pod, over Variables.
	CEL string
	// rego are the rules that deny, over the prelude of Module.
	rego string
	// broken is a Pod's spec, in JSON, that only this rule refuses.
	broken string
}

// Parameters bound the rules, in each a list with commas: a ConfigMap's data.
func Parameters() map[string]string {
	return map[string]string{
		"exemptImages": "example.com/trusted/*,example.com/one:1", "capabilities": "NET_BIND_SERVICE,CHOWN", "drops": "ALL",
		"ports": "30000,32000", "hostPaths": "/var/log,/srv/data", "volumeTypes": "configMap,secret,emptyDir,projected,persistentVolumeClaim,hostPath,flexVolume",
		"drivers": "example/lvm", "sysctls": "kernel.*,net.core.somaxconn", "procMounts": "Default", "profiles": "RuntimeDefault,Localhost",
		"seLinuxTypes": "container_t,container_init_t", "users": "1,65535", "appArmorProfiles": "RuntimeDefault,Localhost",
	}
}

// lists are the parameters as rules in Rego have them.
func lists() map[string]any {
	all := map[string]any{}
	for name, text := range Parameters() {
		var list []any
		for entry := range strings.SplitSeq(text, ",") {
			list = append(list, entry)
		}
		all[name] = list
	}
	return all
}

// Variable is a named expression that rules in CEL use.
type Variable struct{ Name, Expression string }

// Variables of the rules in CEL: all containers, those that are not exempt, and volumes.
func Variables() []Variable {
	return []Variable{
		{"all", "object.spec.containers + (has(object.spec.initContainers) ? object.spec.initContainers : [])" +
			" + (has(object.spec.ephemeralContainers) ? object.spec.ephemeralContainers : [])"},
		{"exempt", "params.data.exemptImages.split(',')"},
		{"judged", "variables.all.filter(c, !variables.exempt.exists(e, e.endsWith('*') ? c.image.startsWith(e.substring(0, size(e) - 1)) : c.image == e))"},
		{"volumes", "object.spec.?volumes.orValue([])"},
	}
}

// Verdict is true where the variable "bad", which holds a rule's CEL, names nobody.
const Verdict = "size(variables.bad) == 0"

// Module is the rule as a policy of Gatehouse, which OPA takes as it is.
func (r Rule) Module() string {
	var parameters strings.Builder
	for name, list := range Parameters() {
		fmt.Fprintf(&parameters, "#     %s: [\"%s\"]\n", name, strings.ReplaceAll(list, ",", `", "`))
	}
	return fmt.Sprintf(`# METADATA
# title: For measuring, %[1]s
# description: For measuring.
# custom:
#   match:
#     groups: [""]
#     kinds: [Pod]
#     operations: [CREATE, UPDATE]
#   parameters:
%[3]spackage rivals.%[1]s

spec := input.request.object.spec

all := array.concat(
	array.concat(object.get(spec, "containers", []), object.get(spec, "initContainers", [])),
	object.get(spec, "ephemeralContainers", []),
)

judged := [c |
	some c in all
	image := object.get(c, "image", "")
	not exempt(image)
]

exempt(image) if image in input.parameters.exemptImages

exempt(image) if {
	some entry in input.parameters.exemptImages
	endswith(entry, "*")
	startswith(image, trim_suffix(entry, "*"))
}

volumes := object.get(spec, "volumes", [])

# of is what a container says, or the Pod for all of them, or what holds where nobody says anything.
of(c, path, otherwise) := object.get(c, path, object.get(spec, path, otherwise))

said(c, what) := sprintf("container %%s %%s; allowed: what the parameters say; change it", [c.name, what])

%[2]s`, r.Name, r.rego, parameters.String())
}

// Rules are the fifteen.
func Rules() []Rule { return append(containerRules(), podRules()...) }
