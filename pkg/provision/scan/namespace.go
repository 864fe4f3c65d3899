package scan

import (
	"context"
	"errors"
	"fmt"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/review"
)

// namespace judges all objects of one namespace, page by page.
func (s *Scanner) namespace(ctx context.Context, name, digest string) (*report, error) {
	out := newReport(name, digest, s.Now())
	for _, resource := range s.Config.Resources {
		kind, served := s.kindOf(resource)
		if !served {
			continue
		}
		list := &unstructured.UnstructuredList{}
		list.SetGroupVersionKind(kind.GroupVersion().WithKind(kind.Kind + "List"))
		for next := ""; ; {
			if err := s.limit.Wait(ctx); err != nil {
				return out, fmt.Errorf("list %s: %w", resource.Resource, err)
			}
			err := s.Live.List(ctx, list, client.InNamespace(name), client.Limit(s.Config.PageSize), client.Continue(next))
			if later := laterMoment(err); next != "" && later != "" && later != next {
				next = later
				continue
			}
			if err != nil {
				return out, fmt.Errorf("list %s: %w", resource.Resource, err)
			}
			for i := range list.Items {
				s.judge(ctx, out, resource, &list.Items[i])
			}
			if next = list.GetContinue(); next == "" {
				break
			}
		}
	}
	return out, nil
}

// laterMoment is where a list goes on whose moment is gone: with what is there now, from the
// same place on. The API server says so in its error.
func laterMoment(err error) string {
	var status apierrors.APIStatus
	if !apierrors.IsResourceExpired(err) || !errors.As(err, &status) {
		return ""
	}
	return status.Status().Continue
}

// judge adds what is to be said of one object.
func (s *Scanner) judge(ctx context.Context, out *report, resource config.AuditedResource, o *unstructured.Unstructured) {
	kind := o.GroupVersionKind()
	raw, err := o.MarshalJSON()
	if err != nil {
		out.broken(o, err)
		return
	}
	judged, err := s.World.Stored(ctx, review.Request{
		UID:      string(o.GetUID()),
		Kind:     review.Kind{Group: kind.Group, Version: kind.Version, Kind: kind.Kind},
		Resource: review.Resource{Group: resource.Group, Version: resource.Version, Resource: resource.Resource},
		Name:     o.GetName(), Namespace: o.GetNamespace(), Object: raw,
	})
	if err != nil {
		out.broken(o, err)
		return
	}
	out.add(o, judged)
}
