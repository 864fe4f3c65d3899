// Package render turns kustomize folders and the chart into objects, with the tools that
// test/tools pins. It may import apimachinery and runs the go command.
package render

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	utilyaml "k8s.io/apimachinery/pkg/util/yaml"
	"sigs.k8s.io/yaml"
)

// Kustomize builds a folder of the repository at root.
func Kustomize(root, dir string) ([]*unstructured.Unstructured, error) {
	out, err := Tool(root, "kustomize", "build", dir)
	if err != nil {
		return nil, err
	}
	return Parse(out)
}

// Tool runs a tool of test/tools at root and returns what it prints.
func Tool(root, name string, args ...string) ([]byte, error) {
	modfile := "-modfile=" + filepath.Join("test", "tools", name, "go.mod")
	cmd := exec.Command("go", append([]string{"tool", modfile, name}, args...)...)
	cmd.Dir = root
	// One compiled tool serves whoever asks: tests under the race detector build with cgo.
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	var out, messages bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &messages
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%s %v: %w: %s%s", name, args, err, messages.String(), out.String())
	}
	return out.Bytes(), nil
}

// Parse reads a stream of YAML documents; empty ones are left out.
func Parse(stream []byte) ([]*unstructured.Unstructured, error) {
	reader := utilyaml.NewYAMLReader(bufio.NewReader(bytes.NewReader(stream)))
	var all []*unstructured.Unstructured
	for {
		document, err := reader.Read()
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read document %d: %w", len(all)+1, err)
		}
		fields := map[string]any{}
		if err := yaml.Unmarshal(document, &fields); err != nil {
			return nil, fmt.Errorf("parse document %d: %w", len(all)+1, err)
		}
		if len(fields) == 0 {
			continue
		}
		all = append(all, &unstructured.Unstructured{Object: fields})
	}
}
