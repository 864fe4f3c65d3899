// Package build compiles the programs of the local cluster and keeps them outside the
// checkout, so that a clean clone starts warm. It imports the standard library and a
// go.mod parser.
package build

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sort"
	"strings"
)

// Set is a number of programs of one module that are built and kept together.
type Set struct {
	Name     string // for people and for the folder's name
	Module   string // folder of the go.mod
	Version  string // for people
	Flags    string // linker flags
	Programs []Program
}

// Program is a main package and the name under which it is kept.
type Program struct {
	Package string
	Name    string
}

// compilerFlags are those of the Makefile, so that what one compiled serves the other.
const compilerFlags = "-gcflags=all=-dwarf=false"

// environment pins what decides whether Go's build cache is of use: without cgo one
// compiled package serves all modules and every machine.
func environment() []string { return append(os.Environ(), "CGO_ENABLED=0", "GOWORK=off") }

// key names everything that decides what the programs are: toolchain, platform, pinned
// modules, sources, flags. Same key, same programs.
func (s Set) key(ctx context.Context) (string, error) {
	toolchain := exec.CommandContext(ctx, "go", "env", "GOVERSION")
	toolchain.Dir, toolchain.Env = s.Module, environment()
	version, err := toolchain.Output()
	if err != nil {
		return "", fmt.Errorf("ask go for its version (is Go installed?): %w", err)
	}
	hash := sha256.New()
	fmt.Fprintln(hash, strings.TrimSpace(string(version)), runtime.GOOS, runtime.GOARCH, s.Flags)
	for _, program := range s.Programs {
		fmt.Fprintln(hash, program.Package, program.Name)
	}
	files, err := s.inputs()
	if err != nil {
		return "", err
	}
	for _, file := range files {
		content, err := os.Open(filepath.Join(s.Module, file))
		if err != nil {
			return "", fmt.Errorf("read sources of %s: %w", s.Name, err)
		}
		fmt.Fprintln(hash, file)
		_, err = io.Copy(hash, content)
		if err = errors.Join(err, content.Close()); err != nil {
			return "", fmt.Errorf("read sources of %s: %w", s.Name, err)
		}
	}
	return hex.EncodeToString(hash.Sum(nil))[:16], nil
}

// inputs are the module's own files, relative to its folder and sorted.
func (s Set) inputs() ([]string, error) {
	var files []string
	err := filepath.WalkDir(s.Module, func(path string, entry os.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		name := entry.Name()
		source := filepath.Ext(name) == ".go" && !strings.HasSuffix(name, "_test.go")
		if name == "go.mod" || name == "go.sum" || source {
			relative, err := filepath.Rel(s.Module, path)
			if err != nil {
				return err
			}
			files = append(files, relative)
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read sources of %s: %w", s.Name, err)
	}
	sort.Strings(files)
	return files, nil
}
