package node

import (
	"context"
	"fmt"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/utils/lifecycle"
)

// warm has a stage of every kind judge an empty object once, before anything runs at the
// same time. A library below kwok (easycel 0.6) keeps what it learns about types in maps
// that it does not guard: two nodes that learn at once end the process with "concurrent
// map read and map write". After this the maps are only read.
func warm(ctx context.Context, byKind map[internalversion.StageResourceRef][]*internalversion.Stage) error {
	objects := map[string]any{"Node": &corev1.Node{}, "Pod": &corev1.Pod{}}
	for ref, stages := range byKind {
		object, known := objects[ref.Kind]
		if !known {
			return fmt.Errorf("no object to warm the stages of kind %s with", ref.Kind)
		}
		judge, err := lifecycle.NewLifecycle(stages)
		if err != nil {
			return fmt.Errorf("warm the stages of kind %s: %w", ref.Kind, err)
		}
		if _, err := judge.Match(ctx, &lifecycle.Event{Data: object}); err != nil {
			return fmt.Errorf("warm the stages of kind %s: %w", ref.Kind, err)
		}
	}
	return nil
}
