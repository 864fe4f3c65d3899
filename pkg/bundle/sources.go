package bundle

import (
	"context"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/config"
)

// Source keeps the policies of one place in force until its context ends.
type Source interface {
	Name() string
	Start(ctx context.Context) error
}

// Sources are those that the configuration names.
func Sources(c *config.Config, set Set, logger logr.Logger) ([]Source, error) {
	var out []Source
	for _, path := range c.PolicyDirectories {
		out = append(out, &Directory{Path: path, Set: set, Logger: logger})
	}
	for _, b := range c.PolicyBundles {
		p, err := NewPoller(b, set, logger)
		if err != nil {
			return nil, err
		}
		out = append(out, p)
	}
	return out, nil
}
