package main

import (
	"context"
	"fmt"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/policies"
)

// compile takes the built-in policies with what the configuration says of them.
func compile(ctx context.Context, c *config.Config) (*engine.Program, error) {
	program, err := engine.Compile(ctx, engine.Options{
		Policies: policies.FS, Parameters: c.PolicyParameters(), Timeout: c.Webhook.EvaluationTimeout.Duration,
	})
	if err != nil {
		return nil, fmt.Errorf("policies: %w", err)
	}
	return program, nil
}
