package cli

import (
	"fmt"

	"gatehouse.dev/gatehouse/pkg/facts/manifest"
)

// filePlatform reads tiers, models, organizations, settings, tenants and policies from
// files and folders; other kinds are passed over.
func filePlatform(env Env, paths []string, prefix string) (*platform, error) {
	var files []string
	for _, path := range paths {
		more, err := manifest.Files(path)
		if err != nil {
			return nil, fmt.Errorf("read the platform: %w", err)
		}
		files = append(files, more...)
	}
	objects, err := readManifests(env, files)
	if err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	in, err := manifest.Platform(objects, prefix)
	if err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	p := newPlatform(in, env.Now)
	if p.stored, err = filePolicies(env, files); err != nil {
		return nil, fmt.Errorf("read the platform: %w", err)
	}
	return p, nil
}
