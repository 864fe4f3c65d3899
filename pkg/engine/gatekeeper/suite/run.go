package suite

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"time"

	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
)

// Options of a run.
type Options struct {
	// Files is where the suites and all that they name lie.
	Files fs.FS
	// Display turns a name in Files into the one that people know.
	Display func(name string) string
	// Now is the time of time.now_ns.
	Now time.Time
}

// Run runs the suites in files, each case with constraints of its own.
func Run(ctx context.Context, files []string, o Options) Report {
	r := &runner{files: o.Files, display: o.Display, now: o.Now, templates: map[string]loaded{}}
	if r.display == nil {
		r.display = func(name string) string { return name }
	}
	report := Report{Suites: []SuiteResult{}}
	for _, file := range files {
		for _, s := range r.file(ctx, file) {
			s.finish()
			report.Suites = append(report.Suites, s)
			report.Passed += s.Passed
			report.Failed += s.Failed
			report.Skipped += s.Skipped
		}
	}
	return report
}

// runner compiles each template once.
type runner struct {
	files     fs.FS
	display   func(string) string
	now       time.Time
	templates map[string]loaded
}

type loaded struct {
	template *gatekeeper.Template
	err      error
}

func (r *runner) file(ctx context.Context, file string) []SuiteResult {
	docs, err := r.documents(file)
	if err != nil {
		return []SuiteResult{{File: r.display(file), Problem: err.Error()}}
	}
	var out []SuiteResult
	for _, doc := range docs {
		if !isSuite(doc) {
			continue
		}
		result := SuiteResult{File: r.display(file), Tests: []TestResult{}}
		s, notes, err := decode(doc)
		result.Notes = notes
		result.Name, _ = s.Metadata["name"].(string)
		switch {
		case err != nil:
			result.Problem = err.Error()
		case s.Skip:
			result.Skip = true
		default:
			for _, t := range s.Tests {
				result.Tests = append(result.Tests, r.test(ctx, path.Dir(file), t))
			}
		}
		out = append(out, result)
	}
	if len(out) == 0 {
		return []SuiteResult{{File: r.display(file), Problem: fmt.Sprintf("no %s of group %s", Kind, Group)}}
	}
	return out
}

func (r *runner) test(ctx context.Context, dir string, t test) TestResult {
	result := TestResult{Name: t.Name, Cases: []CaseResult{}, Skipped: t.Skip}
	if t.Skip {
		return result
	}
	template, err := r.template(dir, t)
	if err != nil {
		result.Problem = err.Error()
		return result
	}
	set, err := r.constraint(dir, t, template)
	switch {
	case t.Invalid && err == nil:
		result.Problem = "the constraint is taken, and must be invalid"
	case t.Invalid && len(t.Cases) > 0:
		result.Problem = "an invalid constraint has no cases"
	case t.Invalid:
	case err != nil:
		result.Problem = err.Error()
	default:
		expansions, err := r.expansions(dir, t)
		if err != nil {
			result.Problem = err.Error()
			return result
		}
		for _, c := range t.Cases {
			result.Cases = append(result.Cases, r.tryCase(ctx, dir, set, expansions, c))
		}
	}
	return result
}

func (r *runner) template(dir string, t test) (*gatekeeper.Template, error) {
	if t.Template == "" {
		return nil, errors.New("the test names no template")
	}
	name := path.Join(dir, t.Template)
	if known, ok := r.templates[name]; ok {
		return known.template, known.err
	}
	var l loaded
	doc, err := r.document(name, gatekeeper.TemplateKind, gatekeeper.Document.IsTemplate)
	if l.err = err; err == nil {
		l.template, l.err = gatekeeper.NewTemplate(doc)
	}
	r.templates[name] = l
	return l.template, l.err
}

func (r *runner) constraint(dir string, t test, template *gatekeeper.Template) (*gatekeeper.Set, error) {
	if t.Constraint == "" {
		return nil, errors.New("the test names no constraint")
	}
	doc, err := r.document(path.Join(dir, t.Constraint), "constraint", gatekeeper.Document.IsConstraint)
	if err != nil {
		return nil, err
	}
	return gatekeeper.Single(template, doc)
}

func (r *runner) expansions(dir string, t test) ([]expansion, error) {
	if t.Expansion == "" {
		return nil, nil
	}
	name := path.Join(dir, t.Expansion)
	docs, err := r.documents(name)
	if err != nil {
		return nil, err
	}
	var out []expansion
	for _, doc := range docs {
		e, err := newExpansion(doc)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", r.display(name), err)
		}
		out = append(out, e)
	}
	return out, nil
}
