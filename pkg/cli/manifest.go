package cli

import (
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gatehouse.dev/gatehouse/pkg/facts/manifest"
)

// maxFile is the longest file read, far above what the API server stores.
const maxFile = 64 << 20

// readFile reads a file whole, or standard input for "-".
func readFile(env Env, path string) ([]byte, error) {
	r := env.In
	if path != "-" {
		f, err := os.Open(path)
		if err != nil {
			return nil, err
		}
		defer func() { _ = f.Close() }() // only read
		r = f
	}
	raw, err := io.ReadAll(io.LimitReader(r, maxFile+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", path, err)
	}
	if len(raw) > maxFile {
		return nil, fmt.Errorf("read %s: over %d bytes", path, maxFile)
	}
	return raw, nil
}

// readManifests reads the objects of YAML or JSON files, documents and Lists taken
// apart, in their order.
func readManifests(env Env, paths []string) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, path := range paths {
		raw, err := readFile(env, path)
		if err != nil {
			return nil, err
		}
		more, err := manifest.Decode(raw)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
		objects = append(objects, more...)
	}
	if len(objects) == 0 {
		return nil, errors.New("no objects in the files")
	}
	return objects, nil
}
