package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/metadata"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// seal asks for every object that was found and is not left alone.
func (s *sealer) seal(ctx context.Context, objects metadata.Interface, v *survey) {
	total, tried := v.count("", resultFound), 0
	for _, u := range v.unsealed {
		if u.Result != resultFound {
			continue
		}
		if err := s.sealOne(ctx, objects, u); err != nil {
			u.Result, u.Message = resultFailed, oneLine(err.Error())
		}
		if tried++; tried%100 == 0 {
			fmt.Fprintf(s.env.Err, "Asked for %d of %d.\n", tried, total)
		}
	}
}

// sealOne asks Gatehouse to seal one object. The UID keeps the request from meeting
// another object of that name.
func (s *sealer) sealOne(ctx context.Context, objects metadata.Interface, u *unsealedObject) error {
	patch, err := json.Marshal(map[string]any{"metadata": map[string]any{
		"uid": u.uid, "annotations": map[string]any{v1alpha1.AnnotationSeal: "tenant"},
	}})
	if err != nil {
		return fmt.Errorf("write the patch: %w", err)
	}
	options := metav1.PatchOptions{FieldManager: "gatehouse-seal"}
	u.Result = resultDone
	if s.dry {
		options.DryRun, u.Result = []string{metav1.DryRunAll}, resultWouldBe
	}
	stored, err := objects.Resource(u.in.resource).Namespace(u.Namespace).Patch(ctx, u.Name, types.MergePatchType, patch, options)
	if err != nil {
		return err
	}
	switch wire := stored.Annotations[v1alpha1.AnnotationPassport]; {
	case stored.Annotations[v1alpha1.AnnotationSeal] != "":
		return fmt.Errorf("the annotation %s stands on the object: no Gatehouse took it off", v1alpha1.AnnotationSeal)
	case wire == "" || wire == u.wire:
		return errors.New("no passport was minted: the caller is no platform identity")
	}
	return nil
}
