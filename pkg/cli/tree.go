package cli

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"

	"gatehouse.dev/gatehouse/pkg/facts/manifest"
)

// located is an object and where it was read.
type located struct {
	*unstructured.Unstructured
	file string
	line int
}

// passedOver is a file that was not judged.
type passedOver struct {
	File   string `json:"file"`
	Reason string `json:"reason"`
	// failed: it should have been readable.
	failed bool
}

// tree is what files and folders hold.
type tree struct {
	objects []located
	skipped []passedOver
}

// readTree reads the objects of files, which must be manifests, and of whole folders, in
// which what is none is passed over with its reason.
func readTree(env Env, paths []string) (tree, error) {
	var out tree
	for _, path := range paths {
		info, err := os.Stat(path)
		if path != "-" && err == nil && info.IsDir() {
			if err := out.folder(path); err != nil {
				return out, err
			}
			continue
		}
		raw, err := readFile(env, path)
		if err != nil {
			return out, err
		}
		objects, err := manifest.Decode(raw)
		if err != nil {
			return out, fmt.Errorf("read %s: %w", path, err)
		}
		out.add(path, raw, objects)
	}
	if len(out.objects) == 0 && !slices.ContainsFunc(out.skipped, func(s passedOver) bool { return s.failed }) {
		return out, errors.New("no objects in the files")
	}
	return out, nil
}

func (t *tree) add(file string, raw []byte, objects []*unstructured.Unstructured) {
	lines := objectLines(raw)
	for i, obj := range objects {
		o := located{obj, file, 1}
		if len(lines) == len(objects) {
			o.line = lines[i]
		}
		t.objects = append(t.objects, o)
	}
}

// folder reads what is below a folder, in the order of names, but for what is hidden.
func (t *tree) folder(root string) error {
	named := map[string]string{}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && path != root && strings.HasPrefix(entry.Name(), "."):
			return filepath.SkipDir
		case !entry.IsDir() && isKustomization(entry.Name()):
			return noteParts(path, named)
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", root, err)
	}
	err = filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if path != root && strings.HasPrefix(entry.Name(), ".") {
				return filepath.SkipDir
			}
			return nil
		case !entry.Type().IsRegular() || !slices.Contains([]string{".yaml", ".yml", ".json"}, filepath.Ext(path)) && !isKustomization(entry.Name()):
			return nil
		}
		return t.file(root, path, named[path])
	})
	if err != nil {
		return fmt.Errorf("read %s: %w", root, err)
	}
	return nil
}

// file reads one file of a folder; reason says why it is no manifest, if that is known.
func (t *tree) file(root, path, reason string) error {
	if reason == "" {
		reason = partOfChart(root, path)
	}
	if reason == "" && isKustomization(filepath.Base(path)) {
		reason = "what a kustomization makes is judged by kubectl kustomize DIR | gatehouse check -f -"
	}
	if reason != "" {
		t.skipped = append(t.skipped, passedOver{File: path, Reason: reason})
		return nil
	}
	raw, err := readFile(Env{}, path)
	if err != nil {
		return err
	}
	objects, err := manifest.Decode(raw)
	switch {
	case err == nil && len(objects) == 0:
		t.skipped = append(t.skipped, passedOver{File: path, Reason: "it is empty"})
	case err == nil:
		t.manifests(path, raw, objects)
	case bytes.Contains(raw, []byte("{{")):
		t.skipped = append(t.skipped, passedOver{File: path, Reason: "it is a template: judge what is rendered from it, with -f -"})
	case foreign(raw):
		t.skipped = append(t.skipped, passedOver{File: path, Reason: "it holds no Kubernetes object"})
	default:
		t.skipped = append(t.skipped, passedOver{File: path, Reason: "it cannot be read: " + err.Error(), failed: true})
	}
	return nil
}

// formats are groups whose kinds are files for tools, never objects of a cluster.
var formats = map[string]bool{
	"kustomize.config.k8s.io": true, "config.gatehouse.dev": true, "kubelet.config.k8s.io": true, "audit.k8s.io": true,
	"apiserver.config.k8s.io": true, "apiserver.k8s.io": true, "client.authentication.k8s.io": true, "kubeadm.k8s.io": true,
	"kubeproxy.config.k8s.io": true, "kubescheduler.config.k8s.io": true, "test.gatekeeper.sh": true, "kind.x-k8s.io": true, "cli.kyverno.io": true,
}

func (t *tree) manifests(path string, raw []byte, objects []*unstructured.Unstructured) {
	for _, obj := range objects {
		if gvk := obj.GroupVersionKind(); formats[gvk.Group] || gvk == (schema.GroupVersionKind{Version: "v1", Kind: "Config"}) {
			t.skipped = append(t.skipped, passedOver{File: path, Reason: fmt.Sprintf("%s %s is a file for a tool, no object of a cluster", obj.GetAPIVersion(), obj.GetKind())})
			return
		}
	}
	t.add(path, raw, objects)
}

// partOfChart says whether a file below root is a Helm chart's own.
func partOfChart(root, path string) string {
	for dir := filepath.Dir(path); ; dir = filepath.Dir(dir) {
		if _, err := os.Stat(filepath.Join(dir, "Chart.yaml")); err == nil {
			rel, _ := filepath.Rel(dir, path)
			if first, _, _ := strings.Cut(filepath.ToSlash(rel), "/"); first == "crds" {
				return ""
			}
			return "it is part of a Helm chart: helm template " + dir + " | gatehouse check -f -"
		}
		if dir == root || dir == filepath.Dir(dir) {
			return ""
		}
	}
}
