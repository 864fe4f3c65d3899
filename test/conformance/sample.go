package conformance

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/facts/manifest"
	"gatehouse.dev/gatehouse/pkg/review"
)

const prefix = "claude-runner-user-"

// Sample is the sample platform as a fixed picture: a facts.Source and
// facts.OwnerReader for tests without an API server.
type Sample struct {
	Facts *facts.Snapshot
	// Platform is what Facts was built of.
	Platform facts.Objects
	// Objects are owners, by "<kind> <namespace>/<name>".
	Objects map[string]facts.Owner
}

// LoadSample reads config/samples below the root of the checkout.
func LoadSample(root string) (*Sample, error) {
	files, err := manifest.Files(filepath.Join(root, "config", "samples"))
	if err != nil {
		return nil, fmt.Errorf("sample platform: %w", err)
	}
	var objects []*unstructured.Unstructured
	for _, file := range files {
		raw, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("sample platform: %w", err)
		}
		more, err := manifest.Decode(raw)
		if err != nil {
			return nil, fmt.Errorf("sample platform, %s: %w", file, err)
		}
		objects = append(objects, more...)
	}
	platform, err := manifest.Platform(objects, prefix)
	if err != nil {
		return nil, fmt.Errorf("sample platform: %w", err)
	}
	return &Sample{Facts: facts.Build(platform), Platform: platform, Objects: map[string]facts.Owner{}}, nil
}

// Snapshot implements facts.Source.
func (s *Sample) Snapshot() *facts.Snapshot { return s.Facts }

// Age implements facts.Source: always fresh.
func (s *Sample) Age(time.Time) time.Duration { return 0 }

// Live implements facts.Source: the picture is all there is.
func (s *Sample) Live(_ context.Context, namespace string) (*facts.Home, error) {
	if h, ok := s.Facts.HomeOf(namespace); ok {
		return h, nil
	}
	return nil, fmt.Errorf("namespace %q: %w", namespace, facts.ErrUnknown)
}

// Owner implements facts.OwnerReader.
func (s *Sample) Owner(_ context.Context, kind review.Kind, namespace, name string) (facts.Owner, error) {
	if o, ok := s.Objects[kind.Kind+" "+namespace+"/"+name]; ok {
		return o, nil
	}
	return facts.Owner{}, fmt.Errorf("%s %s/%s: %w", kind.Kind, namespace, name, facts.ErrNoOwner)
}
