package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/bundle"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/engine/policyset"
	"gatehouse.dev/gatehouse/pkg/serving"
)

// rules are the policies in force, and whether those that are stored are among them.
type rules struct {
	set    *policyset.Set
	logger logr.Logger
	listed atomic.Bool
	// constraints is set once Gatekeeper's were looked at.
	constraints atomic.Bool
	// sources are the directories and bundles of the configuration, by the names that the
	// set knows them by; sourced is set once all were in force.
	sources []string
	sourced atomic.Bool
	// news is told of each new set.
	news func()
}

// newRules compiles the built-in policies with what the configuration says of them.
func newRules(ctx context.Context, c *config.Config, logger logr.Logger) (*rules, error) {
	set, err := bundle.NewSet(ctx, c, gatekeeper.PointWebhook)
	if err != nil {
		return nil, err
	}
	return &rules{set: set, logger: logger, news: func() {}}, nil
}

// changed takes Policy objects as they are stored now.
func (r *rules) changed(ctx context.Context, stored []*v1alpha1.Policy) {
	before := r.set.State().Digest
	err := r.set.Apply(ctx, stored)
	state := r.set.State()
	switch {
	case err != nil:
		r.logger.Error(err, "policies not in force as stored; the last good set stays", "digest", state.Digest)
	case state.Digest != before:
		r.logger.Info("policies in force", "digest", state.Digest, "before", before, "withoutPlan", slices.Sorted(maps.Keys(r.set.Program().Unplanned())))
	}
	r.listed.Store(true)
	r.news()
}

// ready is nil once the stored policies were looked at and while evaluations answer.
func (r *rules) ready() error {
	if !r.listed.Load() {
		return errors.New("the stored policies have not been listed yet")
	}
	if !r.constraints.Load() {
		return errors.New("the stored constraints have not been listed yet")
	}
	if err := r.missing(); err != nil {
		return err
	}
	return r.set.Program().Usable()
}

// missing names a directory or bundle none of whose versions is in force yet: what it would
// deny would pass. Once each was, the last good version of it stays.
func (r *rules) missing() error {
	if r.sourced.Load() {
		return nil
	}
	state := r.set.State()
	for _, name := range r.sources {
		if _, loaded := state.Loaded[name]; !loaded {
			return fmt.Errorf("the policies of %s are not in force yet: %s", name, cmp.Or(state.Rejected[name], "they have not been read"))
		}
	}
	r.sourced.Store(true)
	return nil
}

// figures are what metrics say of the set.
func (r *rules) figures() audit.PolicyFigures {
	state := r.set.State()
	return audit.PolicyFigures{Digest: state.Digest, Loaded: len(state.Loaded), Rejected: len(state.Rejected), Failed: state.Failure != "", Stuck: r.set.Stuck()}
}

// tasks keep directories and bundles up to date.
func (r *rules) tasks(c *config.Config) ([]serving.Task, error) {
	sources, err := bundle.Sources(c, r.set, r.logger)
	if err != nil {
		return nil, err
	}
	var tasks []serving.Task
	for _, source := range sources {
		r.sources = append(r.sources, source.Name())
		tasks = append(tasks, serving.Task{Name: source.Name(), Run: source.Start})
	}
	return tasks, nil
}
