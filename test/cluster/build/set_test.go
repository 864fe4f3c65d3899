package build

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestKeyFollowsWhatDecides(t *testing.T) {
	base := sample(t, program)
	keyOf := func(set Set) string {
		t.Helper()
		key, err := set.key(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	first := keyOf(base)
	if again := keyOf(base); again != first {
		t.Fatalf("same input, other key: %s and %s", first, again)
	}
	write(t, filepath.Join(base.Module, "main_test.go"), "package main\n")
	write(t, filepath.Join(base.Module, "README.md"), "words\n")
	if same := keyOf(base); same != first {
		t.Fatal("files that do not decide change the key")
	}
	flags := base
	flags.Flags = "-s"
	fewer := base
	fewer.Programs = nil
	changed := map[string]string{"flags": keyOf(flags), "programs": keyOf(fewer)}
	write(t, filepath.Join(base.Module, "go.sum"), "example.com/x v1.0.0 h1:x=\n")
	changed["go.sum"] = keyOf(base)
	write(t, filepath.Join(base.Module, "more.go"), "package main\n")
	changed["source"] = keyOf(base)
	seen := map[string]string{first: "nothing"}
	for what, key := range changed {
		if other, found := seen[key]; found {
			t.Errorf("changing %s gives the same key as changing %s", what, other)
		}
		seen[key] = what
	}
}

func TestStamp(t *testing.T) {
	flags := stamp("v1.37.2")
	for _, want := range []string{
		"-s -w",
		"-X k8s.io/component-base/version.gitVersion=v1.37.2",
		"-X k8s.io/component-base/version.gitMajor=1",
		"-X k8s.io/component-base/version.gitMinor=37",
		"-X k8s.io/client-go/pkg/version.gitVersion=v1.37.2",
	} {
		if !strings.Contains(flags, want) {
			t.Errorf("flags %q miss %q", flags, want)
		}
	}
}

func TestControlPlaneSetIsPinned(t *testing.T) {
	set, err := controlPlaneSet(filepath.Join("..", "kubernetes"))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(set.Version, "v1.37.") || len(set.Programs) != 5 {
		t.Fatalf("got %s with %d programs", set.Version, len(set.Programs))
	}
}

func TestAssetsAreHonoured(t *testing.T) {
	assets := t.TempDir()
	for _, program := range controlPlane {
		if err := os.WriteFile(filepath.Join(assets, program.Name), []byte("#!/bin/sh\n"), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	cache := Cache{Dir: t.TempDir(), Out: &strings.Builder{}}
	found, err := cache.ControlPlane(context.Background(), "..", assets)
	if err != nil {
		t.Fatal(err)
	}
	for _, program := range controlPlane {
		if found[program.Name] != filepath.Join(assets, program.Name) {
			t.Errorf("%s is taken from %q", program.Name, found[program.Name])
		}
	}
}

func TestRequired(t *testing.T) {
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module x\n\ngo 1.26.0\n\nrequire example.com/a v1.2.3\n")
	if got, err := required(module, "example.com/a"); err != nil || got != "v1.2.3" {
		t.Fatalf("got %q, %v", got, err)
	}
	if _, err := required(module, "example.com/b"); err == nil {
		t.Fatal("a module that is not required has a version")
	}
}

func TestMeterLine(t *testing.T) {
	tests := map[string]struct {
		done, total int
		want        string
	}{
		"under way": {3, 10, "x: 3 of 10 packages, 1m5s, compiling example.com/p"},
		"linking":   {10, 10, "x: 10 of 10 packages, 1m5s, linking"},
		"programs":  {12, 10, "x: 10 of 10 packages, 1m5s, linking"},
		"unknown":   {2, unknown, "x: 2 packages compiled, 1m5s, example.com/p"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			m := &meter{name: "x", total: test.total}
			for range test.done {
				m.compiled("example.com/p")
			}
			if got := m.line(65 * time.Second); got != test.want {
				t.Fatalf("got %q, want %q", got, test.want)
			}
		})
	}
}
