package policyset

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing/fstest"

	"k8s.io/kube-openapi/pkg/validation/spec"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
)

// unit is what is accepted or refused as one: a Policy object, a directory, a bundle.
type unit struct {
	// name is the object's, or the origin's.
	name string
	// version tells a changed unit from the one that was accepted.
	version string
	// rule is <area>/<rule> of a Policy object, empty for other origins.
	rule string
	// origin brings rules; nil where a Policy object only sets a built-in one.
	origin *engine.Origin
	// tests are those that come with it or stand in its rule; empty for none.
	tests string

	enforcement v1alpha1.Enforcement
	parameters  map[string]any
	narrow      engine.Match
	exemptions  []engine.Exemption
	delegable   engine.Delegation
}

// Rule gives the rule of a Policy's name: the first dot stands for the slash.
func Rule(name string) (string, error) {
	area, rule, ok := strings.Cut(name, ".")
	if !ok || area == "" || rule == "" || strings.Contains(rule, ".") {
		return "", fmt.Errorf("metadata.name %q is not <area>.<rule>, as in images.signed", name)
	}
	return area + "/" + rule, nil
}

// Version of a Policy: another object of the same name is another version.
func Version(p *v1alpha1.Policy) string {
	return fmt.Sprintf("%s-%d", p.UID, p.Generation)
}

// fromPolicy reads a Policy object.
func fromPolicy(p *v1alpha1.Policy) (unit, error) {
	rule, err := Rule(p.Name)
	if err != nil {
		return unit{}, err
	}
	u := unit{name: p.Name, version: Version(p), rule: rule, enforcement: p.Spec.Enforcement,
		narrow: engine.Match{Groups: p.Spec.Match.Groups, Kinds: p.Spec.Match.Kinds, Operations: p.Spec.Match.Operations}}
	if p.Spec.Rego != "" {
		u.origin = &engine.Origin{Name: "policy " + p.Name, Files: filesOf(rule, p.Spec)}
		if u.tests = p.Spec.Tests; u.tests == "" && strings.Contains(p.Spec.Rego, "test_") {
			u.tests = p.Spec.Rego
		}
	} else if p.Spec.Tests != "" {
		return unit{}, errors.New("spec.tests without spec.rego: a built-in rule has tests of its own")
	}
	if p.Spec.Parameters != nil && len(p.Spec.Parameters.Raw) > 0 {
		if err := json.Unmarshal(p.Spec.Parameters.Raw, &u.parameters); err != nil {
			return unit{}, fmt.Errorf("spec.parameters: %w", err)
		}
	}
	for _, e := range p.Spec.Exemptions {
		u.exemptions = append(u.exemptions, engine.Exemption{Tenant: e.Tenant, Owner: e.Owner, Reason: e.Reason, Expires: e.Expires.Time})
	}
	if u.delegable, err = delegation(p.Spec); err != nil {
		return unit{}, err
	}
	return u, nil
}

func filesOf(rule string, s v1alpha1.PolicySpec) fs.FS {
	files := fstest.MapFS{rule + "/rule.rego": {Data: []byte(s.Rego)}}
	if s.Tests != "" {
		files[rule+"/rule_test.rego"] = &fstest.MapFile{Data: []byte(s.Tests)}
	}
	return files
}

func delegation(s v1alpha1.PolicySpec) (engine.Delegation, error) {
	out := engine.Delegation{}
	for _, name := range s.Delegable {
		out[name] = nil
	}
	for name, raw := range s.Bounds {
		if _, ok := out[name]; !ok {
			return nil, fmt.Errorf("spec.bounds of %q: spec.delegable does not name it", name)
		}
		bound := &spec.Schema{}
		if err := json.Unmarshal(raw.Raw, bound); err != nil {
			return nil, fmt.Errorf("spec.bounds of %q is no JSON schema: %w", name, err)
		}
		out[name] = bound
	}
	return out, nil
}

// owns reports whether a problem in a file is this unit's.
func (u unit) owns(file string) bool {
	if u.rule != "" {
		return file == u.rule || strings.HasPrefix(file, u.rule+"/")
	}
	_, err := fs.Stat(u.origin.Files, file)
	return err == nil
}

// addTo lays the unit over options.
func (u unit) addTo(o *engine.Options) {
	if u.origin != nil {
		o.More = append(o.More, *u.origin)
	}
	if u.rule == "" {
		return
	}
	if u.enforcement != "" {
		o.Enforcement[u.rule] = u.enforcement
	}
	if len(u.parameters) > 0 {
		merged := map[string]any{}
		for _, layer := range []map[string]any{o.Parameters[u.rule], u.parameters} {
			for name, value := range layer {
				merged[name] = value
			}
		}
		o.Parameters[u.rule] = merged
	}
	o.Narrow[u.rule] = u.narrow
	if len(u.exemptions) > 0 {
		o.Exemptions[u.rule] = u.exemptions
	}
	if len(u.delegable) > 0 {
		o.Delegable[u.rule] = u.delegable
	}
}
