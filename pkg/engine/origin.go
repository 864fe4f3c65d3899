package engine

import (
	"fmt"
	"io/fs"
	"strings"
)

// Origin is a place that policies come from beside Options.Policies: a Policy object, a
// directory, a bundle. It has folders <area>/<rule> and may have lib/*.rego, with
// rule_test.rego left out where it was shipped without; schema and capabilities are
// always those of Options.Policies.
type Origin struct {
	// Name is what messages call it.
	Name  string
	Files fs.FS
}

// readOrigins adds policies and libraries of other origins. A name that is there
// already is a clash: nobody replaces another's rule by shipping one of its name.
func (s *sources) readOrigins(origins []Origin, bad *CompileError) error {
	from := map[string]string{}
	for _, p := range s.policies {
		from[p.rule] = "the built-in policies"
	}
	for name := range s.libraries {
		from[name] = "the built-in policies"
	}
	for _, o := range origins {
		more := &sources{libraries: map[string]string{}, testsOptional: true}
		if err := more.read(o.Files, bad); err != nil {
			return fmt.Errorf("%s: %w", o.Name, err)
		}
		for _, p := range more.policies {
			if other, taken := from[p.rule]; taken {
				bad.add(p.file, 0, "%s of %s is there already, from %s", p.rule, o.Name, other)
				continue
			}
			from[p.rule], p.origin = o.Name, o.Name
			s.policies = append(s.policies, p)
		}
		for name, text := range more.libraries {
			if other, taken := from[name]; taken {
				bad.add(name, 0, "%s of %s is there already, from %s", strings.TrimSuffix(name, ".rego"), o.Name, other)
				continue
			}
			from[name] = o.Name
			s.libraries[name] = text
		}
	}
	return nil
}
