package recording

import "github.com/prometheus/client_golang/prometheus"

// Watch exposes how many decisions were recorded and how many were lost.
func (r *Recorder) Watch(registry prometheus.Registerer) error {
	for result, count := range map[string]func() uint64{
		"written": r.written.Load, "dropped": r.dropped.Load, "failed": r.failed.Load,
	} {
		err := registry.Register(prometheus.NewCounterFunc(prometheus.CounterOpts{
			Name:        "gatehouse_recordings_total",
			Help:        "Decisions taken for a recording: written, dropped because the writer was behind, failed.",
			ConstLabels: prometheus.Labels{"result": result},
		}, func() float64 { return float64(count()) }))
		if err != nil {
			return err
		}
	}
	return nil
}
