package cli

import (
	"os"
	"path/filepath"

	"sigs.k8s.io/yaml"
)

func isKustomization(name string) bool {
	return name == "kustomization.yaml" || name == "kustomization.yml" || name == "Kustomization"
}

// kustomization is what names files that are no whole objects.
type kustomization struct {
	Patches               []filed  `json:"patches"`
	PatchesStrategicMerge []string `json:"patchesStrategicMerge"`
	PatchesJSON6902       []filed  `json:"patchesJson6902"`
	Replacements          []filed  `json:"replacements"`
	Configurations        []string `json:"configurations"`
	Transformers          []string `json:"transformers"`
	Generators            []string `json:"generators"`
}

type filed struct {
	Path string `json:"path"`
}

// noteParts puts the files that a kustomization names as patches and settings into
// named, with the reason to pass over each. One that cannot be read names none.
func noteParts(path string, named map[string]string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	var k kustomization
	_ = yaml.Unmarshal(raw, &k) // names what was read so far
	names := append(append(append(k.PatchesStrategicMerge, k.Configurations...), k.Transformers...), k.Generators...)
	for _, list := range [][]filed{k.Patches, k.PatchesJSON6902, k.Replacements} {
		for _, f := range list {
			names = append(names, f.Path)
		}
	}
	for _, name := range names {
		if name != "" {
			named[filepath.Join(filepath.Dir(path), name)] = "it is a part of " + path + ", no whole object"
		}
	}
	return nil
}
