package provision

import (
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// scrape gives the exposition of what a pedantic registry accepts.
func scrape(t *testing.T, c prometheus.Collector) string {
	t.Helper()
	registry := prometheus.NewPedanticRegistry()
	registry.MustRegister(c)
	answer := httptest.NewRecorder()
	promhttp.HandlerFor(registry, promhttp.HandlerOpts{}).ServeHTTP(answer, httptest.NewRequestWithContext(t.Context(), "GET", "/metrics", nil))
	return answer.Body.String()
}

func TestKeyMetrics(t *testing.T) {
	clock := day.Add(time.Hour)
	m := &keyMetrics{now: func() time.Time { return clock }}
	same(t, "a process that does not lead", "", scrape(t, m))
	m.show(ringOf(t, signingKey("a", passport.Active, 0), signingKey("o", passport.VerifyOnly, -time.Hour)), reasonFull)
	want := `# HELP gatehouse_passport_key_age_seconds Age of each passport key whose date is known.
# TYPE gatehouse_passport_key_age_seconds gauge
gatehouse_passport_key_age_seconds{kid="a",state="active"} 3600
gatehouse_passport_key_age_seconds{kid="o",state="verify"} 7200
# HELP gatehouse_passport_keys Passport keys by state.
# TYPE gatehouse_passport_keys gauge
gatehouse_passport_keys{state="active"} 1
gatehouse_passport_keys{state="pending"} 0
gatehouse_passport_keys{state="revoked"} 0
gatehouse_passport_keys{state="verify"} 1
# HELP gatehouse_passport_last_rotation_timestamp_seconds When a key was last activated, Unix time; after a restart, when the active key was made.
# TYPE gatehouse_passport_last_rotation_timestamp_seconds gauge
gatehouse_passport_last_rotation_timestamp_seconds 1.795608e+09
# HELP gatehouse_passport_rotation_stalled 1 for the reason for which a rotation needs a person.
# TYPE gatehouse_passport_rotation_stalled gauge
gatehouse_passport_rotation_stalled{reason="KeyringFull"} 1
gatehouse_passport_rotation_stalled{reason="NoReplicas"} 0
gatehouse_passport_rotation_stalled{reason="Unreadable"} 0
gatehouse_passport_rotation_stalled{reason="WaitingForReplicas"} 0
# HELP gatehouse_passport_rotations_total Passport keys that this process activated.
# TYPE gatehouse_passport_rotations_total counter
gatehouse_passport_rotations_total 0
`
	same(t, "figures", want, scrape(t, m))
	m.rotated()
	if m.rotations != 1 || !m.last.Equal(clock) {
		t.Errorf("%d rotations, last %s", m.rotations, m.last)
	}
	m.show(nil, reasonUnreadable)
	if len(m.keys) != 2 {
		t.Error("the last good keyring is not shown")
	}
}
