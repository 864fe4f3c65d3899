package serving

import (
	"errors"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
)

// NewRegistry makes a registry with the figures of process and runtime.
func NewRegistry() *prometheus.Registry {
	registry := prometheus.NewRegistry()
	registry.MustRegister(
		collectors.NewGoCollector(),
		collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}),
	)
	return registry
}

// Register exposes the gate's certificate and the readiness checks' failures.
func Register(registry prometheus.Registerer, gate *TrustGate, health *Health) error {
	return errors.Join(
		registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gatehouse_certificate_not_after_seconds",
			Help: "End of the served certificate, Unix time; 0 without one.",
		}, func() float64 {
			end := gate.NotAfter()
			if end.IsZero() {
				return 0
			}
			return float64(end.Unix())
		})),
		registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gatehouse_certificate_trusted",
			Help: "1 while every caBundle of ours verifies the served certificate.",
		}, func() float64 { return bit(gate.Trusted() == nil) })),
		registry.Register(prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "gatehouse_ready",
			Help: "1 while every readiness check passes.",
		}, func() float64 { return bit(len(health.Ready()) == 0) })),
	)
}

func bit(on bool) float64 {
	if on {
		return 1
	}
	return 0
}
