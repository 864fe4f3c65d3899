package conformance

import (
	"context"
	"strings"
	"testing"
)

// Case is one write and what must come of it.
type Case struct {
	Name string
	// As is a user of the sample platform: alice, bob, carol, dave, erin.
	As string
	// Operation is CREATE, UPDATE or DELETE. UPDATE and DELETE need Before, the object
	// as it is stored; it was created by BeforeAs, or by As.
	Operation string
	Namespace string
	// Manifest is the object in YAML, Before the one that is there already.
	Manifest, Before, BeforeAs string
	// Fill is how many sessions of As are there before.
	Fill int
	// Denied names the rule that must deny; empty means that the write passes.
	Denied string
	// Says are fragments of the denial, or of the warnings of a write that passes.
	Says []string
	// Author must be named by the stored object's passport; empty means that there is
	// none to check.
	Author string
	// Stored are JSON paths (dots) of the stored object and the values they must have;
	// an empty value means absent.
	Stored map[string]string
	// Unstored are JSON paths of the stored object and the values they must not have.
	Unstored map[string]string
}

// Answer is what came of a write.
type Answer struct {
	Allowed  bool
	Message  string
	Warnings []string
	// Stored is the object as it is stored, nil when nothing is.
	Stored map[string]any
}

// Target carries out writes somewhere.
type Target interface {
	// Do makes Before be there, carries out the write, and cleans up after itself.
	Do(ctx context.Context, c Case) (Answer, error)
	// Author verifies the passport of a stored object and names its author.
	Author(ctx context.Context, stored map[string]any) (string, error)
}

// Run checks every case against a target.
func Run(t *testing.T, target Target) {
	t.Helper()
	for _, c := range Cases() {
		t.Run(c.Name, func(t *testing.T) {
			if err := Check(t.Context(), target, c); err != nil {
				t.Error(err)
			}
		})
	}
}

// lookup follows a dotted path; list items are numbers.
func lookup(object map[string]any, path string) (any, bool) {
	var v any = object
	for _, key := range split(path) {
		m, ok := v.(map[string]any)
		if !ok {
			return nil, false
		}
		if v, ok = m[key]; !ok {
			return nil, false
		}
	}
	return v, true
}

// split cuts at dots, but not inside brackets: metadata.annotations[a.b/c].
func split(path string) []string {
	var out []string
	for path != "" {
		if rest, ok := strings.CutPrefix(path, "["); ok {
			key, after, _ := strings.Cut(rest, "]")
			out, path = append(out, key), strings.TrimPrefix(after, ".")
			continue
		}
		end := strings.IndexAny(path, ".[")
		if end < 0 {
			return append(out, path)
		}
		out = append(out, path[:end])
		path = strings.TrimPrefix(path[end:], ".")
	}
	return out
}
