package manifest

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"sigs.k8s.io/yaml"
)

// Files lists the files that a path stands for: itself, or what a folder's
// kustomization.yaml names, or the folder's own manifests.
func Files(path string) ([]string, error) {
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
			more, err := Files(filepath.Join(path, r))
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
