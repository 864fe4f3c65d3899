package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.dev/gatehouse/pkg/audit/recording"
	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/serving"
)

// newRecorder makes what records decisions in tenants' namespaces, and its task; nil
// where the configuration asks for no recordings.
func newRecorder(c config.Recordings, identity string, registry prometheus.Registerer) (func(gate.Asked), []serving.Task, error) {
	if c.Directory == "" {
		return nil, nil, nil
	}
	key, err := os.ReadFile(c.KeyFile)
	if err != nil {
		return nil, nil, fmt.Errorf("recordings: key: %w", err)
	}
	r, err := recording.New(recording.Options{
		Directory: c.Directory, Name: identity, Sample: c.Sample, MaxBytes: c.MaxBytes, Key: bytes.TrimSpace(key),
	})
	if err != nil {
		return nil, nil, err
	}
	if err := r.Watch(registry); err != nil {
		return nil, nil, fmt.Errorf("metrics: %w", err)
	}
	return r.Observe, []serving.Task{{Name: "recordings", Run: r.Run}}, nil
}
