package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
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
		if objects, err = appendManifests(objects, raw); err != nil {
			return nil, fmt.Errorf("read %s: %w", path, err)
		}
	}
	if len(objects) == 0 {
		return nil, errors.New("no objects in the files")
	}
	return objects, nil
}

func appendManifests(objects []*unstructured.Unstructured, raw []byte) ([]*unstructured.Unstructured, error) {
	dec := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(raw), 4096)
	for {
		var content map[string]any
		err := dec.Decode(&content)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, err
		}
		if len(content) == 0 {
			continue
		}
		obj := &unstructured.Unstructured{Object: content}
		if obj.IsList() {
			err = obj.EachListItem(func(item runtime.Object) error {
				objects = append(objects, item.(*unstructured.Unstructured))
				return nil
			})
			if err != nil {
				return nil, err
			}
			continue
		}
		if obj.GetKind() == "" || obj.GetAPIVersion() == "" {
			return nil, errors.New("a document is no Kubernetes object: apiVersion or kind is missing")
		}
		objects = append(objects, obj)
	}
}
