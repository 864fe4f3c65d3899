package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"slices"
	"time"

	"github.com/go-logr/logr"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/serving"
	"gatehouse.dev/gatehouse/webhooks"
)

// configurationName is that of our two webhook configurations.
const configurationName = "gatehouse"

// server is the process, put together.
type server struct {
	group serving.Group
	log   *audit.Log
}

func (s *server) close() { _ = s.log.Close() }

// newServer puts everything together; what can be found wrong now is.
func newServer(ctx context.Context, c *config.Config, connection *rest.Config, o options, logger logr.Logger) (*server, error) {
	rules, err := newRules(ctx, c, logger.WithName("policies"))
	if err != nil {
		return nil, err
	}
	log, err := audit.OpenLog(o.decisionLog)
	if err != nil {
		return nil, err
	}
	registry := serving.NewRegistry()
	metrics, err := audit.NewMetrics(registry)
	if err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	if err := audit.WatchLog(registry, log); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	certificates, bundles, err := newCertificates(c, connection, logger)
	if err != nil {
		return nil, err
	}
	reservations, err := audit.WatchLedger(registry)
	if err != nil {
		return nil, err
	}
	if err := audit.WatchPolicies(registry, rules.figures); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	report := &report{policies: rules.set, totals: metrics.Totals}
	w, err := newWorld(c, connection, o.identity, report, rules, reservations, logger.WithName("facts"))
	if err != nil {
		return nil, err
	}
	decider := w.gate(c, rules.set)
	if decider.OwnerLookup, err = audit.WatchOwners(registry, w.cached.Len); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	decider.Panicked = func(value any, stack []byte) {
		metrics.Panicked()
		logger.Error(nil, "panic while deciding", "panic", audit.Panic(value), "stack", string(stack))
	}
	if err := decider.Validate(); err != nil {
		return nil, err
	}
	handler, err := webhooks.New(webhooks.Options{
		Decider: decider, Log: log, Metrics: metrics, Logger: logger.WithName("webhooks"),
		MaxBodyBytes: c.Webhook.MaxBodyBytes, BytesInFlight: c.Webhook.BytesInFlight,
		Timeout: c.Quota.WebhookTimeout.Duration,
	})
	if err != nil {
		return nil, err
	}
	health := newHealth(certificates, bundles, w, rules.ready)
	if err := serving.Register(registry, certificates, health); err != nil {
		return nil, fmt.Errorf("metrics: %w", err)
	}
	tasks, err := rules.tasks(c)
	if err != nil {
		return nil, err
	}
	recorded, recordings, err := newRecorder(c.Recordings, o.identity, registry)
	if err != nil {
		return nil, err
	}
	decider.Asked = recorded
	listener, operations, err := listen(c.Webhook.Listen, o.metricsListen)
	if err != nil {
		return nil, err
	}
	return &server{log: log, group: serving.Group{
		Logger: logger, Health: health, Gatherer: prometheus.Gatherer(registry),
		Listener: listener, Operations: operations, Handler: handler, Certificate: certificates.GetCertificate,
		DrainPeriod: c.Webhook.DrainPeriod.Duration, Drain: handler.Drain,
		Tasks: slices.Concat(tasks, recordings, []serving.Task{
			{Name: "collector", Run: serving.TuneCollector},
			{Name: "certificate", Run: certificates.Start},
			{Name: "webhook configurations", Run: bundles.Start},
			{Name: "cache", Run: w.cache.Start},
			{Name: "facts", Run: w.start},
		}),
	}}, nil
}

// newCertificates makes the leaf's source behind its gate.
func newCertificates(c *config.Config, connection *rest.Config, logger logr.Logger) (*serving.TrustGate, *serving.LiveBundles, error) {
	clientset, err := kubernetes.NewForConfig(connection)
	if err != nil {
		return nil, nil, fmt.Errorf("client: %w", err)
	}
	source, err := serving.NewSource(serving.Authority{
		Config: connection, Namespace: c.SystemNamespace, Name: c.Webhook.Certificate.SecretName,
		DNSNames:   c.Webhook.DNSNames,
		CADuration: c.Webhook.Certificate.CADuration.Duration, LeafDuration: c.Webhook.Certificate.LeafDuration.Duration,
	})
	if err != nil {
		return nil, nil, err
	}
	bundles := serving.NewLiveBundles(clientset, configurationName)
	return &serving.TrustGate{
		Source: source, Bundles: bundles.Bundles, DNSName: c.Webhook.DNSNames[0],
		Logger: logger.WithName("certificate"),
	}, bundles, nil
}

// newHealth names what must stand before calls may come.
func newHealth(certificates *serving.TrustGate, bundles *serving.LiveBundles, w *world, policies func() error) *serving.Health {
	health := &serving.Health{}
	health.AddReady("certificate", func() error { return errors.Join(bundles.Synced(), certificates.Trusted()) })
	health.AddReady("facts", w.fresh)
	health.AddReady("policies", policies)
	health.AddReady("passport-keys", w.verifies)
	return health
}

// listen opens both listeners, so that a port in use is known before anything starts.
func listen(webhook, operations string) (net.Listener, net.Listener, error) {
	first, err := serving.Listen("webhook listener", webhook)
	if err != nil {
		return nil, nil, err
	}
	second, err := serving.Listen("metrics listener", operations)
	if err != nil {
		_ = first.Close()
		return nil, nil, err
	}
	return first, second, nil
}

var _ webhooks.Decider = (*gate.Gate)(nil)

// maxFactAge is how old facts may be before writes are asked to come again.
const maxFactAge = 10 * time.Second
