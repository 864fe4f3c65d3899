package build

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// sample is a module with one tiny program.
func sample(t *testing.T, source string) Set {
	t.Helper()
	module := t.TempDir()
	write(t, filepath.Join(module, "go.mod"), "module example.com/sample\n\ngo 1.26.0\n")
	write(t, filepath.Join(module, "main.go"), source)
	return Set{
		Name: "sample", Module: module, Version: "v1.2.3", Flags: "-X main.version=v1.2.3",
		Programs: []Program{{"example.com/sample", "renamed"}},
	}
}

const program = "package main\n\nvar version string\n\nfunc main() { println(version) }\n"

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func ensure(t *testing.T, cache Cache, set Set) string {
	t.Helper()
	dir, err := cache.Ensure(context.Background(), set)
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func TestEnsureBuildsOnce(t *testing.T) {
	var out bytes.Buffer
	cache := Cache{Dir: filepath.Join(t.TempDir(), "cache"), Out: &out}
	set := sample(t, program)
	dir := ensure(t, cache, set)
	said, err := exec.Command(filepath.Join(dir, "renamed")).CombinedOutput()
	if err != nil || strings.TrimSpace(string(said)) != "v1.2.3" {
		t.Fatalf("the program says %q, %v; want its stamped version", said, err)
	}
	if !strings.Contains(out.String(), "building it from source") {
		t.Fatalf("the build was silent: %q", out.String())
	}
	out.Reset()
	if again := ensure(t, cache, set); again != dir || out.Len() > 0 {
		t.Fatalf("built again into %s: %q", again, out.String())
	}
}

func TestHalfBuiltIsBuiltAgain(t *testing.T) {
	damages := map[string]func(t *testing.T, dir string){
		"no manifest":      func(t *testing.T, dir string) { remove(t, filepath.Join(dir, manifest)) },
		"broken manifest":  func(t *testing.T, dir string) { write(t, filepath.Join(dir, manifest), "{") },
		"missing program":  func(t *testing.T, dir string) { remove(t, filepath.Join(dir, "renamed")) },
		"truncated":        func(t *testing.T, dir string) { truncate(t, filepath.Join(dir, "renamed")) },
		"not executable":   func(t *testing.T, dir string) { chmod(t, filepath.Join(dir, "renamed")) },
		"killed mid-build": func(t *testing.T, dir string) { half(t, dir) },
	}
	for name, damage := range damages {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			cache := Cache{Dir: t.TempDir(), Out: &out}
			set := sample(t, program)
			dir := ensure(t, cache, set)
			damage(t, dir)
			out.Reset()
			again := ensure(t, cache, set)
			if !strings.Contains(out.String(), "built in") {
				t.Fatalf("not built again: %q", out.String())
			}
			if err := complete(again, set); err != nil {
				t.Fatal(err)
			}
		})
	}
}

func remove(t *testing.T, path string) {
	t.Helper()
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
}

func truncate(t *testing.T, path string) {
	t.Helper()
	if err := os.Truncate(path, 10); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, path string) {
	t.Helper()
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

// half leaves what a killed build leaves: nothing in place, rubbish aside.
func half(t *testing.T, dir string) {
	t.Helper()
	if err := os.RemoveAll(dir); err != nil {
		t.Fatal(err)
	}
	aside := filepath.Join(filepath.Dir(dir), ".sample.building")
	if err := os.Mkdir(aside, 0o755); err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(aside, "renamed"), "half")
}

func TestInterruptedBuildLeavesNothing(t *testing.T) {
	cache := Cache{Dir: t.TempDir(), Out: &bytes.Buffer{}}
	ctx, cancel := context.WithCancel(context.Background())
	set := sample(t, program)
	if _, err := set.key(ctx); err != nil {
		t.Fatal(err)
	}
	cancel()
	aside := filepath.Join(cache.Dir, "target")
	if err := cache.fill(ctx, set, aside); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "interrupted") {
		t.Fatalf("got %v, want to hear of the interruption", err)
	}
	left, err := filepath.Glob(filepath.Join(cache.Dir, "*"))
	if err != nil || len(left) > 0 {
		t.Fatalf("left behind: %v, %v", left, err)
	}
	ensure(t, cache, set)
}

func TestFailedBuildTellsWhy(t *testing.T) {
	cache := Cache{Dir: t.TempDir(), Out: &bytes.Buffer{}}
	_, err := cache.Ensure(context.Background(), sample(t, "package main\n\nfunc main() { undefined() }\n"))
	if err == nil || !strings.Contains(err.Error(), "undefined: undefined") {
		t.Fatalf("got %v, want the compiler's words", err)
	}
}
