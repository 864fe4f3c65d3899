package provision

import (
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/quota"
)

// pastSize is how many deleted objects are remembered. One that is forgotten, or that
// this process never saw, only keeps its entry until that expires.
const pastSize = 16384

// past remembers the UIDs of objects that were seen stored and deleted, and what they used
// of what is metered. The zero value is empty and watches from when it is told to.
type past struct {
	mu    sync.Mutex
	uses  map[types.UID][]quota.Use
	ring  []types.UID
	next  int
	since time.Time
}

var _ quota.Past = (*past)(nil)

func (p *past) add(uid types.UID, uses []quota.Use) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.uses == nil {
		p.uses = map[types.UID][]quota.Use{}
	}
	if _, known := p.uses[uid]; uid == "" || known {
		return
	}
	p.uses[uid] = uses
	if len(p.ring) < pastSize {
		p.ring = append(p.ring, uid)
		return
	}
	delete(p.uses, p.ring[p.next])
	p.ring[p.next] = uid
	p.next = (p.next + 1) % pastSize
}

// Gone implements quota.Past.
func (p *past) Gone(uid types.UID) ([]quota.Use, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	uses, gone := p.uses[uid]
	return uses, gone
}

// watches says that the caches are filled and events come; the first call counts.
func (p *past) watches(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.since.IsZero() {
		p.since = now
	}
}

// Since implements quota.Past.
func (p *past) Since() time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.since
}
