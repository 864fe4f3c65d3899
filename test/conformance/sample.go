package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/util/yaml"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

const prefix = "claude-runner-user-"

// Sample is the sample platform as a fixed picture: a facts.Source and
// facts.OwnerReader for tests without an API server.
type Sample struct {
	Facts *facts.Snapshot
	// Objects are owners, by "<kind> <namespace>/<name>".
	Objects map[string]facts.Owner
}

// LoadSample reads config/samples below the root of the checkout.
func LoadSample(root string) (*Sample, error) {
	objects := facts.Objects{Prefix: prefix}
	for _, file := range []string{"tiers", "models", "organizations", "settings", "tenants"} {
		data, err := os.ReadFile(filepath.Join(root, "config", "samples", file+".yaml"))
		if err != nil {
			return nil, fmt.Errorf("sample platform: %w", err)
		}
		if err := read(data, &objects); err != nil {
			return nil, fmt.Errorf("sample platform, %s: %w", file, err)
		}
	}
	for _, t := range objects.Tenants {
		t.UID = types.UID("uid-of-" + t.Name)
		objects.Namespaces = append(objects.Namespaces, facts.Namespace{
			Name:        prefix + t.Name,
			Labels:      map[string]string{v1alpha1.LabelTenant: t.Name},
			Annotations: map[string]string{v1alpha1.AnnotationTenantUID: string(t.UID)},
		})
	}
	return &Sample{Facts: facts.Build(objects), Objects: map[string]facts.Owner{}}, nil
}

func read(data []byte, into *facts.Objects) error {
	decoder := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(data), 4096)
	for {
		var u unstructured.Unstructured
		if err := decoder.Decode(&u.Object); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		var err error
		switch u.GetKind() {
		case "Tier":
			into.Tiers, err = add(into.Tiers, u)
		case "Model":
			into.Models, err = add(into.Models, u)
		case "Organization":
			into.Organizations, err = add(into.Organizations, u)
		case "OrganizationSettings":
			into.Settings, err = add(into.Settings, u)
		case "Tenant":
			into.Tenants, err = add(into.Tenants, u)
		}
		if err != nil {
			return fmt.Errorf("%s %s: %w", u.GetKind(), u.GetName(), err)
		}
	}
}

func add[T any](list []*T, u unstructured.Unstructured) ([]*T, error) {
	item := new(T)
	if err := runtime.DefaultUnstructuredConverter.FromUnstructured(u.Object, item); err != nil {
		return nil, err
	}
	return append(list, item), nil
}

// Snapshot implements facts.Source.
func (s *Sample) Snapshot() *facts.Snapshot { return s.Facts }

// Age implements facts.Source: always fresh.
func (s *Sample) Age(time.Time) time.Duration { return 0 }

// Live implements facts.Source: the picture is all there is.
func (s *Sample) Live(_ context.Context, namespace string) (*facts.Home, error) {
	if h, ok := s.Facts.Homes[namespace]; ok {
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
