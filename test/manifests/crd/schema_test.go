package crd

import (
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	runtimeschema "k8s.io/apimachinery/pkg/runtime/schema"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

func definitions(t *testing.T) map[runtimeschema.GroupVersionKind]Schema {
	t.Helper()
	all, err := Load("../../../config/crd")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 13 {
		t.Fatalf("read %d definitions, want 13", len(all))
	}
	return all
}

// TestSamples: every object of the sample platform is one that its kind accepts, with no
// field that would be dropped.
func TestSamples(t *testing.T) {
	all := definitions(t)
	paths, err := filepath.Glob("../../../config/samples/*.yaml")
	if err != nil {
		t.Fatal(err)
	}
	seen := 0
	for _, path := range paths {
		// The webhook fills in what erin leaves out, before the kind is asked.
		if base := filepath.Base(path); base == "kustomization.yaml" || base == "tenant-erin.yaml" {
			continue
		}
		for _, o := range read(t, path) {
			seen++
			s, ok := all[o.GroupVersionKind()]
			if !ok {
				t.Errorf("%s: no definition of %s", path, o.GroupVersionKind())
				continue
			}
			if unknown := s.Unknown(o); len(unknown) > 0 {
				t.Errorf("%s: %s %s: fields that are dropped: %v", path, o.GetKind(), o.GetName(), unknown)
			}
			s.Default(o)
			if errs := s.Validate(o, nil); len(errs) > 0 {
				t.Errorf("%s: %s %s: %v", path, o.GetKind(), o.GetName(), errs.ToAggregate())
			}
		}
	}
	if seen < 18 {
		t.Errorf("saw %d objects, want at least 18", seen)
	}
}

func read(t *testing.T, path string) []*unstructured.Unstructured {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []*unstructured.Unstructured
	reader := utilyaml.NewDocumentDecoder(io.NopCloser(bytes.NewReader(data)))
	buffer := make([]byte, len(data)+1)
	for {
		n, err := reader.Read(buffer)
		if errors.Is(err, io.EOF) {
			return all
		}
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		all = append(all, parse(t, string(buffer[:n])))
	}
}

func parse(t *testing.T, text string) *unstructured.Unstructured {
	t.Helper()
	data, err := yaml.YAMLToJSON([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	o := &unstructured.Unstructured{}
	if err := o.UnmarshalJSON(data); err != nil {
		t.Fatal(err)
	}
	return o
}

const (
	group    = "apiVersion: gatehouse.dev/v1alpha1\n"
	research = "apiVersion: research.example.com/v1\nkind: ResearchSession\n"
)

func TestValidation(t *testing.T) {
	all := definitions(t)
	tier := func(amount string) string {
		return group + "kind: Tier\nmetadata: {name: t}\nspec: {rank: 1, limits: [{dimension: cpu, amount: " + amount + "}]}"
	}
	tenant := func(name, owner string) string {
		return group + "kind: Tenant\nmetadata: {name: " + name + "}\nspec: {owner: {user: '" + owner + "'}, organization: acme, tier: standard}"
	}
	settings := func(spec string) string {
		return group + "kind: OrganizationSettings\nmetadata: {name: acme}\nspec: {" + spec + "}"
	}
	for name, test := range map[string]struct{ object, want string }{
		"whole amount":              {tier("3"), ""},
		"quantity":                  {tier("16Gi"), ""},
		"unlimited":                 {tier("unlimited"), ""},
		"zero":                      {tier("0"), ""},
		"negative number":           {tier("-1"), "amount must be a quantity"},
		"negative quantity":         {tier("-1Gi"), "amount must be a quantity"},
		"no quantity":               {tier("much"), "amount must be a quantity"},
		"dimension twice":           {group + "kind: Tier\nmetadata: {name: t}\nspec: {rank: 1, limits: [{dimension: cpu, amount: 1}, {dimension: cpu, amount: 2}]}", "Duplicate value"},
		"unknown window":            {group + "kind: Tier\nmetadata: {name: t}\nspec: {rank: 1, limits: [{dimension: cpu, amount: 1, window: week}]}", "Unsupported value"},
		"tenant":                    {tenant("alice", "local:alice"), ""},
		"tenant of a system user":   {tenant("alice", "system:node:n"), "reserved"},
		"tenant of nobody's":        {tenant("alice", "alice"), "reserved"},
		"tenant name too long":      {tenant(strings.Repeat("a", 41), "local:alice"), "at most 40"},
		"tenant name with a dot":    {tenant("a.b", "local:alice"), "at most 40"},
		"tenant without owner":      {group + "kind: Tenant\nmetadata: {name: erin}", "Required value"},
		"member user and group":     {group + "kind: Organization\nmetadata: {name: o}\nspec: {members: [{user: 'l:a', group: 'l:b'}]}", "exactly one"},
		"member neither":            {group + "kind: Organization\nmetadata: {name: o}\nspec: {members: [{}]}", "exactly one"},
		"grant to a role":           {settings("grants: [{role: member, models: [m]}]"), ""},
		"grant to role and user":    {settings("grants: [{role: member, user: 'l:a', models: [m]}]"), "exactly one"},
		"own role":                  {settings("roles: [{user: 'l:a', role: lead}]"), ""},
		"role that is power":        {settings("roles: [{user: 'l:a', role: admin}]"), "platform owns"},
		"usage of another name":     {group + "kind: Usage\nmetadata: {name: mine, namespace: n}", "named current"},
		"audit without a reason":    {group + "kind: Policy\nmetadata: {name: p}\nspec: {enforcement: audit}", "needs a reason"},
		"audit with a reason":       {group + "kind: Policy\nmetadata: {name: p}\nspec: {enforcement: audit, reason: trial}", ""},
		"session, as ever":          {research + "metadata: {name: s}\nspec: {prompt: p, websiteURL: 'https://example.com'}\nstatus: {phase: Pending}", ""},
		"session, whole number":     {research + "metadata: {name: s}\nspec: {prompt: p, websiteURL: u, llmSettings: {temperature: 1, maxTokens: 100}, timeout: 60}\nstatus: {cost: 2}", ""},
		"session, a float for ints": {research + "metadata: {name: s}\nspec: {prompt: p, websiteURL: u, llmSettings: {maxTokens: 4000.0}, timeout: 300.0}", ""},
		"session without a prompt":  {research + "metadata: {name: s}\nspec: {websiteURL: u}", "Required value"},
		"session name of 60":        {research + "metadata: {name: " + strings.Repeat("s", 60) + "}\nspec: {prompt: p, websiteURL: u}", "59 characters"},
		"session of unknown phase":  {research + "metadata: {name: s}\nspec: {prompt: p, websiteURL: u}\nstatus: {phase: Resting}", "Unsupported value"},
		"ledger":                    {group + "kind: QuotaLedger\nmetadata: {name: organization-acme}\nspec: {domain: organization/acme, sections: [{tenant: alice, settled: [{dimension: cpu, amount: '2'}]}]}", ""},
		"ledger of no domain":       {group + "kind: QuotaLedger\nmetadata: {name: x}\nspec: {domain: acme}", "should match"},
	} {
		t.Run(name, func(t *testing.T) {
			o := parse(t, test.object)
			s, ok := all[o.GroupVersionKind()]
			if !ok {
				t.Fatalf("no definition of %s", o.GroupVersionKind())
			}
			s.Default(o)
			errs := s.Validate(o, nil)
			switch {
			case test.want == "" && len(errs) > 0:
				t.Errorf("refused: %v", errs.ToAggregate())
			case test.want != "" && (len(errs) == 0 || !strings.Contains(errs.ToAggregate().Error(), test.want)):
				t.Errorf("got %v, want an error with %q", errs.ToAggregate(), test.want)
			}
		})
	}
}

// TestSessionDefaults: what an old manifest leaves out is what it always was.
func TestSessionDefaults(t *testing.T) {
	s := definitions(t)[runtimeschema.GroupVersionKind{Group: "research.example.com", Version: "v1", Kind: "ResearchSession"}]
	o := parse(t, research+"metadata: {name: s}\nspec: {prompt: p, websiteURL: u, llmSettings: {}}\nstatus: {}")
	s.Default(o)
	for path, want := range map[string]any{
		"spec.llmSettings.model": "claude-3-5-sonnet-20241022", "spec.llmSettings.temperature": 0.7,
		"spec.llmSettings.maxTokens": int64(4000), "spec.timeout": int64(300), "status.phase": "Pending",
	} {
		if got, _, _ := unstructured.NestedFieldNoCopy(o.Object, strings.Split(path, ".")...); got != want {
			t.Errorf("%s is %v (%T), want %v", path, got, got, want)
		}
	}
}

// TestLongNamedSessionStays: a session from before the limit can still be written.
func TestLongNamedSessionStays(t *testing.T) {
	s := definitions(t)[runtimeschema.GroupVersionKind{Group: "research.example.com", Version: "v1", Kind: "ResearchSession"}]
	o := parse(t, research+"metadata: {name: "+strings.Repeat("s", 60)+"}\nspec: {prompt: p, websiteURL: u}")
	if errs := s.Validate(o, o); len(errs) > 0 {
		t.Errorf("refused: %v", errs.ToAggregate())
	}
}
