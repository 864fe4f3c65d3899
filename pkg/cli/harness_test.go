package cli

import (
	"bytes"
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/policies"
)

var update = flag.Bool("update", false, "rewrite the golden files")

var now = time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC)

// result is what one command line did.
type result struct {
	code        int
	out, errout string
}

var compiled sync.Map // parameters -> *engine.Program

// compileOnce keeps the program of the built-in policies: compiling is nearly all that a
// command line costs, and a program never changes.
func compileOnce(ctx context.Context, o engine.Options) (*engine.Program, error) {
	if o.Policies != policies.FS || o.Enforcement != nil || o.NoCanary || o.Constraints != nil {
		return engine.Compile(ctx, o)
	}
	key := fmt.Sprint(o.Parameters, o.PodKinds, o.Unoptimized)
	if program, ok := compiled.Load(key); ok {
		return program.(*engine.Program), nil
	}
	program, err := engine.Compile(ctx, o)
	if err == nil {
		compiled.Store(key, program)
	}
	return program, err
}

// run executes a command line with a fixed clock.
func run(t *testing.T, stdin string, args ...string) result {
	t.Helper()
	var out, errout bytes.Buffer
	env := Env{In: strings.NewReader(stdin), Out: &out, Err: &errout, Now: func() time.Time { return now }, Compile: compileOnce}
	code := Run(context.Background(), args, env)
	return result{code, out.String(), errout.String()}
}

// golden compares both streams and the exit code with testdata/<name>.golden.
func (r result) golden(t *testing.T, name string) {
	t.Helper()
	got := "exit " + string(rune('0'+r.code)) + "\n--- out\n" + r.out + "--- err\n" + r.errout
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got); diff != "" {
		t.Errorf("%s differs (-update rewrites it):\n%s", path, diff)
	}
}

// file writes a file into the test's own folder.
func file(t *testing.T, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
