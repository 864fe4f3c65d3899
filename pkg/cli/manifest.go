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

// manifestFile is a file that was read: standard input can be read but once.
type manifestFile struct {
	path string
	raw  []byte
}

func readFiles(env Env, paths []string) ([]manifestFile, error) {
	files := make([]manifestFile, 0, len(paths))
	for _, path := range paths {
		raw, err := readFile(env, path)
		if err != nil {
			return nil, err
		}
		files = append(files, manifestFile{path, raw})
	}
	return files, nil
}

// objects are those of YAML or JSON, documents and Lists taken apart, in their order.
func (f manifestFile) objects() ([]*unstructured.Unstructured, error) {
	objects, err := manifest.Decode(f.raw)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", f.path, err)
	}
	return objects, nil
}

// readManifests reads the objects of files.
func readManifests(env Env, paths []string) ([]*unstructured.Unstructured, error) {
	files, err := readFiles(env, paths)
	if err != nil {
		return nil, err
	}
	return objectsOf(files)
}

func objectsOf(files []manifestFile) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for _, f := range files {
		more, err := f.objects()
		if err != nil {
			return nil, err
		}
		objects = append(objects, more...)
	}
	if len(objects) == 0 {
		return nil, errors.New("no objects in the files")
	}
	return objects, nil
}
