package policyset_test

import (
	"context"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/policies"
)

const header = `# METADATA
# title: A test's rule
# description: Looks at ConfigMaps.
# custom:
#   match: {groups: [""], kinds: [ConfigMap], operations: [CREATE]}
#   parameters: {word: "%s", most: 3}
`

// small is a base with one rule of its own, built.in, that denies nothing.
func small(t testing.TB) engine.Options {
	t.Helper()
	files := fstest.MapFS{
		"built/in/rule.rego":      {Data: []byte(rego("built.in", "x", `input.request.name == input.parameters.word`))},
		"built/in/rule_test.rego": {Data: []byte("package built.in_test\n")},
	}
	for _, name := range []string{"capabilities.json", "schemas/input.json"} {
		raw, err := fs.ReadFile(policies.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		files[name] = &fstest.MapFile{Data: raw}
	}
	return engine.Options{Policies: files, NoCanary: true, Timeout: time.Second}
}

// rego is a rule that denies with its own word under a condition.
func rego(pkg, word, condition string) string {
	return fmt.Sprintf(header, word) + fmt.Sprintf("package %s\n\ndeny contains sprintf(\"%%s of %%d\", [input.parameters.word, input.parameters.most]) if %s\n", pkg, condition)
}

func policy(name string, generation int64, text string, change ...func(*v1alpha1.PolicySpec)) *v1alpha1.Policy {
	p := &v1alpha1.Policy{ObjectMeta: metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), Generation: generation},
		Spec: v1alpha1.PolicySpec{Rego: text, Enforcement: v1alpha1.EnforcementDeny}}
	for _, f := range change {
		f(&p.Spec)
	}
	return p
}

func newSet(t testing.TB) *policyset.Set {
	t.Helper()
	set, err := policyset.New(context.Background(), small(t))
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// denials gives what the set says of the creation of a ConfigMap.
func denials(t testing.TB, p *engine.Program, name string, data engine.Snapshot) []string {
	t.Helper()
	input, err := engine.Value([]byte(`{"request": {"kind": {"group": "", "version": "v1", "kind": "ConfigMap"}, "operation": "CREATE", "name": "` + name + `"}}`))
	if err != nil {
		t.Fatal(err)
	}
	answer, err := p.Eval(context.Background(), input, data)
	if err != nil {
		t.Fatal(err)
	}
	result, err := engine.Decode(answer)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range result.Denials {
		out = append(out, f.Rule+": "+f.Msg)
	}
	return out
}

func TestApply(t *testing.T) {
	ctx, set := context.Background(), newSet(t)
	good := policy("acme.word", 1, rego("acme.word", "one", "true"))
	if err := set.Apply(ctx, []*v1alpha1.Policy{good}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acme/word: one of 3"}, denials(t, set.Program(), "any", nil)); diff != "" {
		t.Fatal(diff)
	}
	first := set.State()
	if diff := cmp.Diff(map[string]string{"acme.word": "uid-acme.word-1"}, first.Loaded); diff != "" {
		t.Fatal(diff)
	}

	// A version that does not compile leaves the last good one, and what else is new comes
	// in force.
	bad := policy("acme.word", 2, rego("acme.word", "two", "http.send({}).ok"))
	other := policy("acme.other", 1, rego("acme.other", "other", "true"))
	err := set.Apply(ctx, []*v1alpha1.Policy{bad, other})
	if err == nil || !strings.Contains(err.Error(), "policy acme.word: acme/word/rule.rego:9: rego_type_error: undefined function http.send") {
		t.Fatalf("the error does not name policy, file, line and reason: %v", err)
	}
	if diff := cmp.Diff([]string{"acme/other: other of 3", "acme/word: one of 3"}, denials(t, set.Program(), "any", nil)); diff != "" {
		t.Fatal(diff)
	}
	state := set.State()
	if state.Rejected["acme.word"] == "" || state.Loaded["acme.word"] != "uid-acme.word-1" || state.Loaded["acme.other"] == "" || state.Failure != "" {
		t.Fatalf("state %+v", state)
	}

	// Deleted, it is gone, and so is what was said of it.
	if err := set.Apply(ctx, []*v1alpha1.Policy{other}); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"acme/other: other of 3"}, denials(t, set.Program(), "any", nil)); diff != "" {
		t.Fatal(diff)
	}
	if err := set.Apply(ctx, nil); err != nil {
		t.Fatal(err)
	}
	if d := denials(t, set.Program(), "any", nil); len(d) > 0 {
		t.Fatal(d)
	}
	if n := set.Asked()["acme/word"]; n != 2 {
		t.Fatalf("acme/word was asked %d times in sets that are gone, want 2", n)
	}
}

// TestSettings: what an object says of a rule holds, its own or a built-in one.
func TestSettings(t *testing.T) {
	raw := func(text string) *runtime.RawExtension { return &runtime.RawExtension{Raw: []byte(text)} }
	tests := map[string]struct {
		policy *v1alpha1.Policy
		write  string
		want   []string
	}{
		"parameters of its own":      {policy("acme.word", 1, rego("acme.word", "one", "true"), func(s *v1alpha1.PolicySpec) { s.Parameters = raw(`{"word":"two"}`) }), "any", []string{"acme/word: two of 3"}},
		"parameters of a built-in":   {policy("built.in", 1, "", func(s *v1alpha1.PolicySpec) { s.Parameters = raw(`{"word":"any"}`) }), "any", []string{"built/in: any of 3"}},
		"a built-in switched off":    {policy("built.in", 1, "", func(s *v1alpha1.PolicySpec) { s.Enforcement = v1alpha1.EnforcementOff }), "x", nil},
		"a built-in that only warns": {policy("built.in", 1, "", func(s *v1alpha1.PolicySpec) { s.Enforcement = v1alpha1.EnforcementWarn }), "x", nil},
		"narrowed to another kind":   {policy("built.in", 1, "", func(s *v1alpha1.PolicySpec) { s.Match.Kinds = []string{"Pod"} }), "x", nil},
		"narrowed to its kind":       {policy("built.in", 1, "", func(s *v1alpha1.PolicySpec) { s.Match.Kinds = []string{"ConfigMap"} }), "x", []string{"built/in: x of 3"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set := newSet(t)
			before := set.State().Digest
			if err := set.Apply(context.Background(), []*v1alpha1.Policy{tt.policy}); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tt.want, denials(t, set.Program(), tt.write, nil)); diff != "" {
				t.Error(diff)
			}
			if set.State().Digest == before {
				t.Error("the digest does not tell the sets apart")
			}
		})
	}
}

func TestOrigins(t *testing.T) {
	ctx, set := context.Background(), newSet(t)
	files := func(word string) fs.FS {
		return fstest.MapFS{"acme/word/rule.rego": {Data: []byte(rego("acme.word", word, "true"))}}
	}
	if err := set.SetOrigin(ctx, engine.Origin{Name: "bundle a", Files: files("one")}, "1"); err != nil {
		t.Fatal(err)
	}
	broken := fstest.MapFS{"acme/word/rule.rego": {Data: []byte("package acme.word\n\ndeny contains if")}}
	if err := set.SetOrigin(ctx, engine.Origin{Name: "bundle a", Files: broken}, "2"); err == nil || !strings.Contains(err.Error(), "acme/word/rule.rego:3") {
		t.Fatalf("a broken origin: %v", err)
	}
	if err := set.SetOrigin(ctx, engine.Origin{Name: "bundle b", Files: files("clash")}, "1"); err == nil || !strings.Contains(err.Error(), "is there already, from") {
		t.Fatalf("a clash: %v", err)
	}
	if diff := cmp.Diff([]string{"acme/word: one of 3"}, denials(t, set.Program(), "any", nil)); diff != "" {
		t.Fatal(diff)
	}
	set.Trouble("bundle a", "the server is away")
	if got := set.State().Rejected["bundle a"]; got != "the server is away" {
		t.Fatalf("trouble is not told: %q", got)
	}
}

// TestWhatIsNewGivesWay: what clashes with something in force is refused, and takes out
// neither that nor what sets it up.
func TestWhatIsNewGivesWay(t *testing.T) {
	ctx := context.Background()
	bundle := func(word string) engine.Origin {
		return engine.Origin{Name: "bundle a", Files: fstest.MapFS{"acme/word/rule.rego": {Data: []byte(rego("acme.word", word, "true"))}}}
	}
	t.Run("a rule that a Policy has", func(t *testing.T) {
		set := newSet(t)
		if err := set.Apply(ctx, []*v1alpha1.Policy{policy("acme.word", 1, rego("acme.word", "one", "true"))}); err != nil {
			t.Fatal(err)
		}
		if err := set.SetOrigin(ctx, bundle("two"), "1"); err == nil || !strings.Contains(err.Error(), "is there already") {
			t.Errorf("the bundle: %v", err)
		}
		expect(t, set, "acme/word: one of 3", map[string]string{"acme.word": "uid-acme.word-1"})
		// The Policy goes, and what waited for its name comes in force.
		if err := set.Apply(ctx, nil); err != nil {
			t.Fatal(err)
		}
		expect(t, set, "acme/word: two of 3", map[string]string{"bundle a": "1"})
		if said := set.State().Rejected; len(said) > 0 {
			t.Errorf("still said: %v", said)
		}
	})
	t.Run("a broken version of what a Policy sets up", func(t *testing.T) {
		set := newSet(t)
		if err := set.SetOrigin(ctx, bundle("two"), "1"); err != nil {
			t.Fatal(err)
		}
		setup := policy("acme.word", 1, "", func(s *v1alpha1.PolicySpec) { s.Parameters = &runtime.RawExtension{Raw: []byte(`{"word":"mine"}`)} })
		if err := set.Apply(ctx, []*v1alpha1.Policy{setup}); err != nil {
			t.Fatal(err)
		}
		broken := engine.Origin{Name: "bundle a", Files: fstest.MapFS{"acme/word/rule.rego": {Data: []byte("package acme.word\n\ndeny contains if")}}}
		if err := set.SetOrigin(ctx, broken, "2"); err == nil {
			t.Error("a broken version passed")
		}
		expect(t, set, "acme/word: mine of 3", map[string]string{"bundle a": "1", "acme.word": "uid-acme.word-1"})
	})
	t.Run("a library that another bundle has", func(t *testing.T) {
		set := newSet(t)
		library := func(name string) engine.Origin {
			return engine.Origin{Name: "bundle " + name, Files: fstest.MapFS{
				"lib/words.rego":         {Data: []byte("package lib.words\n\nmine := true\n")},
				name + "/word/rule.rego": {Data: []byte(strings.Replace(rego(name+".word", name, "words.mine"), "\n\ndeny", "\n\nimport data.lib.words\n\ndeny", 1))},
			}}
		}
		if err := set.SetOrigin(ctx, library("acme"), "1"); err != nil {
			t.Fatal(err)
		}
		if err := set.SetOrigin(ctx, library("other"), "1"); err == nil {
			t.Error("two libraries of one name passed")
		}
		expect(t, set, "acme/word: acme of 3", map[string]string{"bundle acme": "1"})
	})
}

// expect looks what a set says, and what is in force.
func expect(t *testing.T, set *policyset.Set, says string, loaded map[string]string) {
	t.Helper()
	if diff := cmp.Diff([]string{says}, denials(t, set.Program(), "any", nil)); diff != "" {
		t.Errorf("says (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff(loaded, set.State().Loaded); diff != "" {
		t.Errorf("in force (-want +got):\n%s", diff)
	}
}
