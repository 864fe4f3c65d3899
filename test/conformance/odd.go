package conformance

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Odd is an object that nobody honest writes. It is judged or refused, never a crash, and
// the verdict is the same by every route.
type Odd struct {
	Name       string
	APIVersion string
	Kind       string
	// Text is the object in JSON, as it is sent.
	Text string
	// Denied names a rule that must deny it. Without one nobody need deny it: it is the
	// API server that may refuse it.
	Denied string
}

// tricks are names as Unicode allows to write them: other widths and alphabets, marks that
// are not seen, directions, line ends, and what is no text at all.
var tricks = map[string]string{
	"in full width":        "ａｌｉｃｅ",
	"in Cyrillic":          "аlice",
	"in capitals":          "ALICE",
	"with a dotless i":     "alıce",
	"with a joiner":        "ali\u200dce",
	"with a space":         "ali ce",
	"with a soft hyphen":   "ali\u00adce",
	"from right to left":   "\u202eecila",
	"with a combining dot": "ali\u0307ce",
	"with a line end":      "alice\ndenied by nothing",
	"with a separator":     "alice\u2028x",
	"with a null":          "alice\u0000",
	"as an emoji":          "👩🏽\u200d🚀",
	"that is empty":        "",
	"of 64 KiB":            strings.Repeat("a", 64<<10),
	"that climbs":          "../../kube-system",
}

// Odds are the objects, made for a namespace.
func Odds() []Odd {
	var all []Odd
	add := func(name, apiVersion, kind, rest, denied string) {
		all = append(all, Odd{Name: name, APIVersion: apiVersion, Kind: kind, Denied: denied,
			Text: fmt.Sprintf(`{"apiVersion":%q,"kind":%q,%s}`, apiVersion, kind, rest)})
	}
	configMap := func(name, rest string) { add(name, "v1", "ConfigMap", rest, "") }
	pod := func(name, spec, denied string) {
		add(name, "v1", "Pod", `"metadata":{"name":"odd"},"spec":`+spec, denied)
		add(name+", in a template", "apps/v1", "Deployment", `"metadata":{"name":"odd"},"spec":{"selector":{"matchLabels":{"a":"b"}},"template":{"metadata":{"labels":{"a":"b"}},"spec":`+spec+`}}`, denied)
	}

	// In order, so that every run picks the same.
	for _, how := range slices.Sorted(maps.Keys(tricks)) {
		text := tricks[how]
		quoted := quote(text)
		configMap("a name "+how, `"metadata":{"name":`+quoted+`}`)
		configMap("a label "+how, `"metadata":{"name":"odd","labels":{`+quoted+`:`+quoted+`},"annotations":{`+quoted+`:`+quoted+`}}`)
		if len(text) < 64 {
			add("a Secret's name "+how, "v1", "Secret", `"metadata":{"name":`+quote("gatehouse-"+text)+`}`, "secrets/platform-names")
		}
		add("a host "+how, "networking.k8s.io/v1", "Ingress", `"metadata":{"name":"odd"},"spec":{"rules":[{"host":`+quote(text+".apps.example.com")+`}]}`, "networking/ingress-hosts")
		pod("an image "+how, `{"containers":[{"name":"c","image":`+quote(text+"/pause")+`}]}`, "pods/images")
	}
	configMap("the platform's label in full width", `"metadata":{"name":"odd","labels":{"gatehouse.dev／tenant":"bob"}}`)
	add("the platform's label in capitals", "v1", "ConfigMap", `"metadata":{"name":"odd","labels":{"GateHouse.dev/tenant":"bob"}}`, "objects/marks")

	// Nothing, where something is expected.
	for _, field := range []string{"labels", "annotations", "ownerReferences", "finalizers", "managedFields"} {
		configMap(field+" is null", `"metadata":{"name":"odd",`+quote(field)+`:null}`)
		configMap(field+" is an empty map", `"metadata":{"name":"odd",`+quote(field)+`:{}}`)
	}
	for _, text := range []string{"7", `"x"`, "[]"} {
		add("labels are "+text, "v1", "ConfigMap", `"metadata":{"name":"odd","labels":`+text+`}`, "objects/marks")
	}
	configMap("data is null", `"metadata":{"name":"odd"},"data":null`)
	configMap("a key that is empty", `"metadata":{"name":"odd"},"data":{"":""}`)
	lists := map[string]string{"containers": "pods/images", "initContainers": "pods/images", "ephemeralContainers": "pods/images", "volumes": "pods/images", "tolerations": "pods/placement"}
	for _, list := range slices.Sorted(maps.Keys(lists)) {
		denied := lists[list]
		for _, value := range []string{`"x"`, "[null]", `{"0":{"name":"c"}}`} {
			first := `"containers":[{"name":"c","image":"registry.k8s.io/pause"}],`
			if list == "containers" {
				first = "" // a key that is there twice is another matter
			}
			pod(list+" are "+value, "{"+first+quote(list)+":"+value+"}", denied)
		}
	}
	pod("a spec that is null", `null`, "")
	pod("a spec that is empty", `{}`, "")
	pod("containers are null", `{"containers":null}`, "")
	pod("containers are empty", `{"containers":[]}`, "")
	add("no metadata", "v1", "ConfigMap", `"data":{}`, "")
	add("metadata is null", "v1", "ConfigMap", `"metadata":null`, "")
	add("rules are empty", "networking.k8s.io/v1", "Ingress", `"metadata":{"name":"odd"},"spec":{"rules":[]}`, "networking/ingress-hosts")
	add("peers are empty", "networking.k8s.io/v1", "NetworkPolicy", `"metadata":{"name":"odd"},"spec":{"podSelector":{},"ingress":[{"from":[]}]}`, "networking/policies")
	add("a rule that is empty", "networking.k8s.io/v1", "NetworkPolicy", `"metadata":{"name":"odd"},"spec":{"podSelector":{},"egress":[{}]}`, "networking/policies")
	add("a spec of a Service that is null", "v1", "Service", `"metadata":{"name":"odd"},"spec":null`, "services/exposure")
	add("a role's rules are null", "rbac.authorization.k8s.io/v1", "Role", `"metadata":{"name":"odd"},"rules":null`, "")
	add("a role's rule is null", "rbac.authorization.k8s.io/v1", "Role", `"metadata":{"name":"odd"},"rules":[null]`, "rbac/no-escalation")

	// Values of another type.
	numbers := map[string]string{
		`"hostNetwork":"true"`: "pods/host-access", `"hostPID":1`: "pods/host-access", `"nodeName":7`: "pods/placement",
		`"serviceAccountName":["deployer"]`: "pods/service-account", `"securityContext":{"runAsUser":"0"}`: "pods/security",
		`"securityContext":{"runAsNonRoot":"false"}`: "pods/security", `"priorityClassName":{"a":1}`: "pods/placement",
		`"securityContext":[]`: "pods/security",
	}
	for _, field := range slices.Sorted(maps.Keys(numbers)) {
		denied := numbers[field]
		pod(field, `{"containers":[{"name":"c","image":"registry.k8s.io/pause"}],`+field+`}`, denied)
	}
	deep := map[string]string{
		`"image":7`: "", `"image":["registry.k8s.io/pause"]`: "", `"securityContext":{"privileged":"true"}`: "pods/host-access",
		`"ports":[{"containerPort":80,"hostPort":"80"}]`: "pods/host-access", `"imagePullPolicy":"never"`: "pods/pull-policy",
		`"securityContext":{"runAsUser":1e400}`: "", `"securityContext":{"runAsUser":-9223372036854775809}`: "pods/security",
	}
	for _, field := range slices.Sorted(maps.Keys(deep)) {
		denied := deep[field]
		pod("a container's "+field, `{"containers":[{"name":"c","image":"registry.k8s.io/pause",`+field+`}]}`, denied)
	}
	add("a port as text", "v1", "Service", `"metadata":{"name":"odd"},"spec":{"ports":[{"port":80,"nodePort":"30080"}]}`, "services/exposure")
	add("a type as a number", "v1", "Service", `"metadata":{"name":"odd"},"spec":{"type":3,"ports":[{"port":80}]}`, "services/exposure")
	add("a model as a list", "research.example.com/v1", "ResearchSession", `"metadata":{"name":"odd"},"spec":{"prompt":"p","websiteURL":"https://example.com","llmSettings":{"model":["claude-opus"]}}`, "models/granted")

	// Much of it.
	pod("10,000 containers", `{"containers":[`+repeated(10000, `{"name":"c%d","image":"registry.k8s.io/pause"}`)+`]}`, "pods/images")
	pod("1,000 tolerations", `{"containers":[{"name":"c","image":"registry.k8s.io/pause"}],"tolerations":[`+repeated(1000, `{"key":"x%d"}`)+`]}`, "pods/placement")
	pod("1,000 volumes", `{"containers":[{"name":"c","image":"registry.k8s.io/pause"}],"volumes":[`+repeated(1000, `{"name":"v%d","hostPath":{"path":"/"}}`)+`]}`, "pods/images")
	pod("1,000 variables", `{"containers":[{"name":"c","image":"evil.example/x","env":[`+repeated(1000, `{"name":"V%d","value":"x"}`)+`]}]}`, "pods/images")
	add("1,000 hosts", "networking.k8s.io/v1", "Ingress", `"metadata":{"name":"odd"},"spec":{"rules":[`+repeated(1000, `{"host":"x%d.example.com"}`)+`]}`, "networking/ingress-hosts")
	add("1,000 peers", "networking.k8s.io/v1", "NetworkPolicy", `"metadata":{"name":"odd"},"spec":{"podSelector":{},"ingress":[{"from":[`+repeated(1000, `{"ipBlock":{"cidr":"10.0.0.0/8"},"podSelector":{"matchLabels":{"a":"%d"}}}`)+`]}]}`, "networking/policies")
	add("1,000 rules", "rbac.authorization.k8s.io/v1", "Role", `"metadata":{"name":"odd"},"rules":[`+repeated(1000, `{"apiGroups":["x%d"],"resources":["*"],"verbs":["bind"]}`)+`]`, "rbac/no-escalation")
	configMap("1,000 labels", `"metadata":{"name":"odd","labels":{`+repeated(1000, `"l%d":"x"`)+`}}`)
	configMap("3 MiB of data", `"metadata":{"name":"odd"},"data":{"a":"`+strings.Repeat("x", 3<<20)+`"}`)
	configMap("3 MiB of an annotation", `"metadata":{"name":"odd","annotations":{"a":"`+strings.Repeat("x", 3<<20)+`"}}`)
	add("3 MiB of a prompt", "research.example.com/v1", "ResearchSession", `"metadata":{"name":"odd"},"spec":{"prompt":"`+strings.Repeat("x", 3<<20)+`","websiteURL":"https://example.com","llmSettings":{"model":"claude-opus"}}`, "models/granted")
	for _, depth := range []int{100, 9000} {
		configMap(fmt.Sprintf("lists %d deep", depth), `"metadata":{"name":"odd"},"data":`+strings.Repeat("[", depth)+strings.Repeat("]", depth))
		configMap(fmt.Sprintf("objects %d deep", depth), `"metadata":{"name":"odd"},"data":`+strings.Repeat(`{"a":`, depth)+"1"+strings.Repeat("}", depth))
	}
	return all
}

func quote(text string) string {
	raw, err := json.Marshal(text)
	if err != nil {
		panic(err) // a string
	}
	return string(raw)
}

func repeated(n int, format string) string {
	parts := make([]string, n)
	for i := range parts {
		parts[i] = fmt.Sprintf(format, i)
	}
	return strings.Join(parts, ",")
}
