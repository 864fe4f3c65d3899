package provision

import (
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"gatehouse.dev/gatehouse/pkg/passport"
)

var (
	keyAge = prometheus.NewDesc("gatehouse_passport_key_age_seconds",
		"Age of each passport key whose date is known.", []string{"kid", "state"}, nil)
	keyCount = prometheus.NewDesc("gatehouse_passport_keys",
		"Passport keys by state.", []string{"state"}, nil)
	keyRotations = prometheus.NewDesc("gatehouse_passport_rotations_total",
		"Passport keys that this process activated.", nil, nil)
	keyLastRotation = prometheus.NewDesc("gatehouse_passport_last_rotation_timestamp_seconds",
		"When a key was last activated, Unix time; after a restart, when the active key was made.", nil, nil)
	keyStalled = prometheus.NewDesc("gatehouse_passport_rotation_stalled",
		"1 for the reason for which a rotation needs a person.", []string{"reason"}, nil)
)

// reasonUnreadable is a keyring that cannot be used.
const reasonUnreadable = "Unreadable"

// stallReasons are all values of the label, so that an alert finds a 0 before the first 1.
var stallReasons = []string{reasonWaiting, reasonNoReplicas, reasonFull, reasonUnreadable}

// keyMetrics shows the keyring of the leader; a process that does not lead shows none.
type keyMetrics struct {
	now func() time.Time

	mu        sync.Mutex
	keys      []passport.Key // without secrets
	rotations uint64
	last      time.Time
	stalled   string
}

// show takes in the keyring and why its rotation stalls, "" if it does not.
func (m *keyMetrics) show(ring *passport.Keyring, stalled string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.stalled = stalled
	if ring == nil {
		return
	}
	m.keys = ring.Keys()
	for i := range m.keys {
		m.keys[i].Secret = nil
		if m.keys[i].State == passport.Active && m.last.IsZero() {
			m.last = m.keys[i].Created
		}
	}
}

// rotated counts an activation.
func (m *keyMetrics) rotated() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.rotations++
	m.last = m.now()
}

// Describe implements prometheus.Collector.
func (m *keyMetrics) Describe(out chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{keyAge, keyCount, keyRotations, keyLastRotation, keyStalled} {
		out <- d
	}
}

// Collect implements prometheus.Collector.
func (m *keyMetrics) Collect(out chan<- prometheus.Metric) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.keys == nil && m.stalled == "" {
		return
	}
	gauge := func(d *prometheus.Desc, value float64, labels ...string) {
		out <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, value, labels...)
	}
	now, count := m.now(), map[passport.State]int{}
	for _, k := range m.keys {
		count[k.State]++
		if !k.Created.IsZero() {
			gauge(keyAge, now.Sub(k.Created).Seconds(), k.ID, string(k.State))
		}
	}
	for _, state := range []passport.State{passport.Pending, passport.Active, passport.VerifyOnly, passport.Revoked} {
		gauge(keyCount, float64(count[state]), string(state))
	}
	out <- prometheus.MustNewConstMetric(keyRotations, prometheus.CounterValue, float64(m.rotations))
	if !m.last.IsZero() {
		gauge(keyLastRotation, float64(m.last.Unix()))
	}
	for _, reason := range stallReasons {
		value := 0.0
		if reason == m.stalled {
			value = 1
		}
		gauge(keyStalled, value, reason)
	}
}
