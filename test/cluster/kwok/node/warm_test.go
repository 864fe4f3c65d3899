package node

import (
	"context"
	"sync"
	"testing"

	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/kwok/pkg/utils/lifecycle"
)

// Several nodes judge their first objects at the same moment. Without warm this ends the
// test process, or is found by the race detector.
func TestNodesJudgeAtOnce(t *testing.T) {
	shipped, err := stages()
	if err != nil {
		t.Fatal(err)
	}
	if err := warm(context.Background(), shipped); err != nil {
		t.Fatal(err)
	}
	objects := map[string]any{"Node": &corev1.Node{}, "Pod": &corev1.Pod{}}
	var group sync.WaitGroup
	for range 4 {
		for ref, list := range shipped {
			group.Go(func() {
				judge, err := lifecycle.NewLifecycle(list)
				if err != nil {
					t.Error(err)
					return
				}
				if _, err := judge.Match(context.Background(), &lifecycle.Event{Data: objects[ref.Kind]}); err != nil {
					t.Error(err)
				}
			})
		}
	}
	group.Wait()
}
