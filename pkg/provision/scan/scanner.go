package scan

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/time/rate"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

// Judge says what the policies say of a stored object; gate.Gate does.
type Judge interface {
	Stored(ctx context.Context, r review.Request) (gate.Judgement, error)
}

// World is what a pass judges by, as it is when the pass begins.
type World interface {
	// Refresh takes in policies, tenants and keys, and gives the namespaces to look at
	// and the digest of the policies.
	Refresh(ctx context.Context) (namespaces []string, digest string, err error)
	Judge
}

// Scanner goes through all namespaces, pass after pass. Only the leader does.
type Scanner struct {
	Config config.Audit
	World  World
	// Live lists objects and writes reports, past the cache.
	Live   client.Client
	Mapper meta.RESTMapper
	Logger logr.Logger
	Now    func() time.Time
	// Place remembers how far a pass came.
	Place *Place

	limit *rate.Limiter
}

// NeedLeaderElection is true: one scans.
func (s *Scanner) NeedLeaderElection() bool { return true }

// Start scans until ctx ends. A pass that was cut off is resumed where it was.
func (s *Scanner) Start(ctx context.Context) error {
	s.limit = rate.NewLimiter(rate.Limit(s.Config.RequestsPerSecond), s.Config.RequestsPerSecond)
	for {
		begun := s.Now()
		if err := s.Pass(ctx); err != nil && ctx.Err() == nil {
			s.Logger.Error(err, "background audit")
		}
		wait := time.NewTimer(max(time.Second, s.Config.Interval.Duration-s.Now().Sub(begun)))
		select {
		case <-ctx.Done():
			wait.Stop()
			return nil
		case <-wait.C:
		}
	}
}

// Pass looks at every namespace once, or at those that the pass before did not reach.
// What goes wrong in one namespace keeps nothing from the next.
func (s *Scanner) Pass(ctx context.Context) error {
	if s.limit == nil {
		s.limit = rate.NewLimiter(rate.Inf, 1)
	}
	namespaces, digest, err := s.World.Refresh(ctx)
	if err != nil {
		return err
	}
	slices.Sort(namespaces)
	last, err := s.Place.Read(ctx, digest)
	if err != nil {
		return err
	}
	if last != "" {
		s.Logger.Info("background audit resumed", "after", last)
	}
	var failed []error
	objects, findings := 0, 0
	for _, namespace := range namespaces {
		if namespace <= last {
			continue
		}
		report, err := s.namespace(ctx, namespace, digest)
		if err == nil {
			err = s.write(ctx, report)
		}
		if ctx.Err() != nil {
			return fmt.Errorf("stopped at namespace %s: %w", namespace, context.Cause(ctx))
		}
		if err != nil {
			failed = append(failed, fmt.Errorf("namespace %s: %w", namespace, err))
		}
		objects, findings = objects+report.objects, findings+len(report.Results)
		if err := s.Place.Write(ctx, namespace, digest); err != nil {
			failed = append(failed, err)
		}
	}
	s.Logger.Info("background audit passed", "namespaces", len(namespaces), "objects", objects, "findings", findings, "digest", digest)
	return errors.Join(append(failed, s.Place.Write(ctx, "", digest))...)
}

// kindOf finds the kind of a resource; false for one that this API server does not have.
func (s *Scanner) kindOf(r config.AuditedResource) (schema.GroupVersionKind, bool) {
	kind, err := s.Mapper.KindFor(schema.GroupVersionResource{Group: r.Group, Version: r.Version, Resource: r.Resource})
	return kind, err == nil
}
