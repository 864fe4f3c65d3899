package conformance

import (
	"net/http"
	"testing"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.dev/gatehouse/pkg/audit"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/webhooks"
)

// webhook is the whole webhook in this process, over the sample platform and with everything
// that is built in; change sets up its gate otherwise.
func webhook(tb testing.TB, change ...func(*Sample, *gate.Gate)) (http.Handler, *gate.Gate, *passport.Keyring) {
	tb.Helper()
	sample, err := LoadSample("../..")
	if err != nil {
		tb.Fatal(err)
	}
	g, keys, err := NewGate(sample)
	if err != nil {
		tb.Fatal(err)
	}
	for _, f := range change {
		f(sample, g)
	}
	metrics, err := audit.NewMetrics(prometheus.NewRegistry())
	if err != nil {
		tb.Fatal(err)
	}
	handler, err := webhooks.New(webhooks.Options{Decider: g, Metrics: metrics})
	if err != nil {
		tb.Fatal(err)
	}
	return handler, g, keys
}
