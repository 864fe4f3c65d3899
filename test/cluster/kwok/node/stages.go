package node

import (
	"fmt"

	nodefast "sigs.k8s.io/kwok/kustomize/stage/node/fast"
	"sigs.k8s.io/kwok/kustomize/stage/node/heartbeat"
	podfast "sigs.k8s.io/kwok/kustomize/stage/pod/fast"
	"sigs.k8s.io/kwok/pkg/apis/internalversion"
	"sigs.k8s.io/kwok/pkg/config"
)

// stages are the lives that kwok ships: nodes become Ready and send heartbeats, Pods
// run at once, a Job's Pods finish, deleted Pods go.
func stages() (map[internalversion.StageResourceRef][]*internalversion.Stage, error) {
	shipped := []string{
		nodefast.DefaultNodeInit,
		heartbeat.DefaultNodeHeartbeat,
		podfast.DefaultPodReady,
		podfast.DefaultPodComplete,
		podfast.DefaultPodDelete,
	}
	byKind := map[internalversion.StageResourceRef][]*internalversion.Stage{}
	for _, text := range shipped {
		stage, err := config.UnmarshalWithType[*internalversion.Stage](text)
		if err != nil {
			return nil, fmt.Errorf("read stage: %w", err)
		}
		ref := stage.Spec.ResourceRef
		byKind[ref] = append(byKind[ref], stage)
	}
	return byKind, nil
}
