package engine

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"sort"
	"strings"
)

// What a set of policies consists of, beside the rules' folders.
const (
	capabilitiesFile = "capabilities.json"
	schemaFile       = "schemas/input.json"
	libraryFolder    = "lib"
	ruleFile         = "rule.rego"
	testFile         = "rule_test.rego"
	maxModule        = 256 << 10
	maxPolicies      = 1000
)

// reserved areas would clash with what the engine puts under data.
var reserved = map[string]bool{"lib": true, "schemas": true, "facts": true, "gatehouse": true, "system": true}

var folderName = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// source is one policy's folder as read.
type source struct {
	rule  string // <area>/<rule>
	file  string
	text  string
	tests string
	// origin is empty for Options.Policies.
	origin string
}

// sources are all files that decide.
type sources struct {
	policies     []source
	libraries    map[string]string
	schema       []byte
	capabilities []byte
	// testsOptional is set for origins that ship without tests.
	testsOptional bool
}

// readSources reads a set of policies and refuses what is incomplete.
func readSources(o Options) (*sources, error) {
	fsys := o.Policies
	if fsys == nil {
		return nil, errors.New("no policies given")
	}
	out := &sources{libraries: map[string]string{}, testsOptional: o.TestsOptional}
	bad := &CompileError{}
	err := out.read(fsys, bad)
	if err != nil {
		return nil, err
	}
	if out.schema, err = readOptional(fsys, schemaFile); err != nil {
		return nil, err
	}
	if out.capabilities, err = readOptional(fsys, capabilitiesFile); err != nil {
		return nil, err
	}
	if err := out.readOrigins(o.More, bad); err != nil {
		return nil, err
	}
	if len(out.policies) == 0 && len(bad.Problems) == 0 {
		return nil, errors.New("no policies found: want <area>/<rule>/" + ruleFile)
	}
	if len(out.policies) > maxPolicies {
		return nil, fmt.Errorf("%d policies, at most %d", len(out.policies), maxPolicies)
	}
	sort.Slice(out.policies, func(i, j int) bool { return out.policies[i].rule < out.policies[j].rule })
	return out, bad.orNil()
}

// read takes the policies and libraries of one tree.
func (s *sources) read(fsys fs.FS, bad *CompileError) error {
	areas, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	for _, area := range areas {
		name := area.Name()
		if !area.IsDir() || reserved[name] || strings.HasPrefix(name, ".") {
			continue
		}
		rules, err := fs.ReadDir(fsys, name)
		if err != nil {
			return fmt.Errorf("read policies: %w", err)
		}
		for _, rule := range rules {
			if rule.IsDir() {
				s.readPolicy(fsys, name+"/"+rule.Name(), bad)
			} else if strings.HasSuffix(rule.Name(), ".rego") {
				bad.add(name+"/"+rule.Name(), 0, "a rule lives in a folder of its own: <area>/<rule>/%s", ruleFile)
			}
		}
	}
	return s.readLibraries(fsys, bad)
}

func (s *sources) readPolicy(fsys fs.FS, rule string, bad *CompileError) {
	file := rule + "/" + ruleFile
	for _, part := range strings.Split(rule, "/") {
		if !folderName.MatchString(part) {
			bad.add(file, 0, "folder %q: names are lower case letters, digits and single dashes", part)
			return
		}
	}
	text, ok := readModule(fsys, file, bad)
	if !ok {
		return
	}
	var tests string
	if _, err := fs.Stat(fsys, rule+"/"+testFile); err == nil || !s.testsOptional {
		if tests, ok = readModule(fsys, rule+"/"+testFile, bad); !ok {
			return
		}
	}
	s.policies = append(s.policies, source{rule: rule, file: file, text: text, tests: tests})
}

func (s *sources) readLibraries(fsys fs.FS, bad *CompileError) error {
	entries, err := fs.ReadDir(fsys, libraryFolder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("read policies: %w", err)
	}
	for _, e := range entries {
		name := path.Join(libraryFolder, e.Name())
		if e.IsDir() || !strings.HasSuffix(name, ".rego") || strings.HasSuffix(name, "_test.rego") {
			continue
		}
		if text, ok := readModule(fsys, name, bad); ok {
			s.libraries[name] = text
		}
	}
	return nil
}

func readModule(fsys fs.FS, name string, bad *CompileError) (string, bool) {
	raw, err := fs.ReadFile(fsys, name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		bad.add(name, 0, "missing: every rule has %s with %s beside it", ruleFile, testFile)
	case err != nil:
		bad.add(name, 0, "%v", err)
	case len(raw) > maxModule:
		bad.add(name, 0, "%d bytes, at most %d", len(raw), maxModule)
	default:
		return string(raw), true
	}
	return "", false
}

func readOptional(fsys fs.FS, name string) ([]byte, error) {
	raw, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	return raw, nil
}
