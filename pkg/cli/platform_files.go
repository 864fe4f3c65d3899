package cli

import (
	"fmt"

	"gatehouse.dev/gatehouse/pkg/facts/manifest"
)

// filePlatform reads tiers, models, organizations, settings, tenants and policies from
// files and folders; other kinds are passed over.
func filePlatform(env Env, paths []string, prefix string) (*platform, error) {
	var found []string
	for _, path := range paths {
		more, err := manifest.Files(path)
		if err != nil {
			return nil, fmt.Errorf("read the platform: %w", err)
		}
		found = append(found, more...)
	}
	files, err := readFiles(env, found)
	if err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	objects, err := objectsOf(files)
	if err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	in, err := manifest.Platform(objects, prefix)
	if err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	p := newPlatform(in, env.Now)
	if p.stored, err = filePolicies(files); err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	return p, nil
}
