package bundle

import (
	"context"
	"fmt"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/policies"
)

// Source keeps the policies of one place in force until its context ends.
type Source interface {
	Name() string
	Start(ctx context.Context) error
}

// NewSet compiles the built-in policies with what the configuration says of them: what
// every process begins with, and Sources and Policy objects add to. Gatekeeper's
// constraints are those that are enforced at point.
func NewSet(ctx context.Context, c *config.Config, point gatekeeper.Point) (*policyset.Set, error) {
	set, err := policyset.New(ctx, engine.Options{
		Policies: policies.FS, Parameters: c.PolicyParameters(), PodKinds: c.PodKinds(), Point: point, Timeout: c.Webhook.EvaluationTimeout.Duration,
	})
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	return set, nil
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
