package provision

import (
	"sync"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"

	"gatehouse.dev/gatehouse/pkg/facts/live"
)

// leaseDuration is taken where a Lease states none.
const leaseDuration = 10 * time.Second

// replicas are the webhook's, as their Leases show them. A replica is live until its
// Lease has not been renewed for its duration by our own clock: the time that stands in
// it is another machine's. The error is on the side of waiting for the dead.
type replicas struct {
	mu   sync.Mutex
	seen map[string]sighting
}

// sighting is one replica's last sign of life.
type sighting struct {
	renewed time.Time // as the replica wrote it
	at      time.Time // when we first saw that, by our clock
	lasts   time.Duration
	keys    []string
	says    map[string]string // the Lease's annotations
}

// observe takes a Lease in.
func (r *replicas) observe(lease *coordinationv1.Lease, now time.Time) {
	identity, ours := live.Replica(lease)
	if !ours {
		return
	}
	s := sighting{at: now, lasts: leaseDuration, keys: live.LoadedKeys(lease), says: lease.Annotations}
	if t := lease.Spec.RenewTime; t != nil {
		s.renewed = t.Time
	}
	if d := lease.Spec.LeaseDurationSeconds; d != nil {
		s.lasts = time.Duration(*d) * time.Second
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seen == nil {
		r.seen = map[string]sighting{}
	}
	if last, known := r.seen[identity]; known && last.renewed.Equal(s.renewed) {
		s.at = last.at
	}
	r.seen[identity] = s
}

// observeAll takes in a complete list: what is not in it is gone.
func (r *replicas) observeAll(leases []coordinationv1.Lease, now time.Time) {
	listed := map[string]bool{}
	for i := range leases {
		r.observe(&leases[i], now)
		if identity, ours := live.Replica(&leases[i]); ours {
			listed[identity] = true
		}
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	for identity := range r.seen {
		if !listed[identity] {
			delete(r.seen, identity)
		}
	}
}

// loaded gives the key ids that each live replica reports.
func (r *replicas) loaded(now time.Time) map[string][]string {
	out := map[string][]string{}
	for identity, s := range r.living(now) {
		out[identity] = s.keys
	}
	return out
}

// living gives the last sign of life of each live replica.
func (r *replicas) living(now time.Time) map[string]sighting {
	r.mu.Lock()
	defer r.mu.Unlock()
	out := map[string]sighting{}
	for identity, s := range r.seen {
		if now.Sub(s.at) <= s.lasts {
			out[identity] = s
		}
	}
	return out
}
