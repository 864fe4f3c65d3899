package cli

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
)

// filePlatform reads tiers, models, organizations, settings and tenants from files and
// folders; other kinds are passed over.
func filePlatform(env Env, paths []string, prefix string) (*platform, error) {
	var files []string
	for _, path := range paths {
		more, err := manifestsIn(path)
		if err != nil {
			return nil, fmt.Errorf("read the platform: %w", err)
		}
		files = append(files, more...)
	}
	objects, err := readManifests(env, files)
	if err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	in := facts.Objects{Prefix: prefix}
	for _, obj := range objects {
		if err := addFact(&in, obj); err != nil {
			return nil, fmt.Errorf("read the platform: %s %s: %w", obj.GetKind(), obj.GetName(), err)
		}
	}
	homes(&in)
	return newPlatform(in, env.Now), nil
}

// manifestsIn lists the files that a path stands for: itself, or what a folder's
// kustomization.yaml names, or the folder's own manifests.
func manifestsIn(path string) ([]string, error) {
	info, err := os.Stat(path)
	if path == "-" || err == nil && !info.IsDir() {
		return []string{path}, nil
	}
	if err != nil {
		return nil, err
	}
	raw, err := os.ReadFile(filepath.Join(path, "kustomization.yaml"))
	if err == nil {
		var k struct {
			Resources []string `json:"resources"`
		}
		if err := yaml.Unmarshal(raw, &k); err != nil {
			return nil, fmt.Errorf("%s: %w", filepath.Join(path, "kustomization.yaml"), err)
		}
		var files []string
		for _, r := range k.Resources {
			more, err := manifestsIn(filepath.Join(path, r))
			if err != nil {
				return nil, err
			}
			files = append(files, more...)
		}
		return files, nil
	}
	var files []string
	for _, pattern := range []string{"*.yaml", "*.yml", "*.json"} {
		more, err := filepath.Glob(filepath.Join(path, pattern))
		if err != nil {
			return nil, err
		}
		files = append(files, more...)
	}
	slices.Sort(files)
	return files, nil
}

func addFact(in *facts.Objects, obj *unstructured.Unstructured) (err error) {
	if obj.GroupVersionKind().Group != v1alpha1.GroupVersion.Group {
		return nil
	}
	switch obj.GetKind() {
	case "Tier":
		in.Tiers, err = convert(in.Tiers, obj)
	case "Model":
		in.Models, err = convert(in.Models, obj)
	case "Organization":
		in.Organizations, err = convert(in.Organizations, obj)
	case "OrganizationSettings":
		in.Settings, err = convert(in.Settings, obj)
	case "Tenant":
		in.Tenants, err = convert(in.Tenants, obj)
	}
	return err
}

// convert appends a typed copy; a field that the kind does not have is an error.
func convert[T any](list []*T, obj *unstructured.Unstructured) ([]*T, error) {
	item := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(obj.Object, item, true); err != nil {
		return nil, err
	}
	return append(list, item), nil
}
