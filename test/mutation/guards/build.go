package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// suite is a compiled test of a package, and where it runs.
type suite struct{ binary, dir string }

// broken is a package with its switches, and the suites that may notice.
type broken struct {
	name   string
	points []point
	suites []suite
}

// prepare writes a package's files with switches and compiles the suites over them.
func prepare(ctx context.Context, root, scratch, name string, suites []string) (broken, error) {
	files, err := filepath.Glob(filepath.Join(root, name, "*.go"))
	if err != nil {
		return broken{}, fmt.Errorf("files of %s: %w", name, err)
	}
	out := broken{name: name}
	replace := map[string]string{}
	put := func(file string, source []byte) error {
		to := filepath.Join(scratch, strings.ReplaceAll(name, "/", "-")+"-"+filepath.Base(file))
		replace[file] = to
		return os.WriteFile(to, source, 0o600)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		source, err := os.ReadFile(file) //nolint:gosec // Our own source.
		if err != nil {
			return out, fmt.Errorf("read: %w", err)
		}
		found, err := points(filepath.Join(name, filepath.Base(file)), source)
		if err != nil {
			return out, err
		}
		if err := put(file, switched(source, found, len(out.points)+1)); err != nil {
			return out, fmt.Errorf("write: %w", err)
		}
		out.points = append(out.points, found...)
	}
	if err := put(filepath.Join(root, name, "gatehouse_broken.go"), helperFile(filepath.Base(name))); err != nil {
		return out, fmt.Errorf("write: %w", err)
	}
	overlay, err := json.Marshal(map[string]any{"Replace": replace})
	if err != nil {
		return out, fmt.Errorf("overlay: %w", err)
	}
	at := filepath.Join(scratch, strings.ReplaceAll(name, "/", "-")+".json")
	if err := os.WriteFile(at, overlay, 0o600); err != nil {
		return out, fmt.Errorf("overlay: %w", err)
	}
	for _, of := range suites {
		s := suite{binary: filepath.Join(scratch, strings.ReplaceAll(name+"-"+of, "/", "-")+".test"), dir: filepath.Join(root, of)}
		build := exec.CommandContext(ctx, "go", "test", "-c", "-overlay", at, "-o", s.binary, "./"+of) //nolint:gosec // Our own packages.
		build.Dir = root
		if text, err := build.CombinedOutput(); err != nil {
			return out, fmt.Errorf("compile the tests of %s: %w\n%s", of, err, text)
		}
		out.suites = append(out.suites, s)
	}
	return out, nil
}
