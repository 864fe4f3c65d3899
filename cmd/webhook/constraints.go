package main

import (
	"context"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// constrained takes Gatekeeper's templates and constraints as they are stored now.
func (r *rules) constrained(ctx context.Context, stored []unstructured.Unstructured) {
	before := r.set.State().Digest
	err := r.set.SetConstraints(ctx, stored)
	state := r.set.State()
	switch {
	case err != nil:
		r.logger.Error(err, "constraints not in force as stored; the last good ones stay", "digest", state.Digest)
	case state.Digest != before:
		r.logger.Info("constraints in force", "stored", len(stored), "digest", state.Digest, "before", before)
	}
	r.constraints.Store(true)
	r.news()
}
