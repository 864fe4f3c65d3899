package provision

import (
	"sync"

	"k8s.io/apimachinery/pkg/types"
)

// goneSize is how many deleted objects are remembered. One that is forgotten, or that
// this process never saw, only keeps its entry until that expires.
const goneSize = 16384

// gone remembers the UIDs of objects that were seen stored and deleted. The zero value
// is empty.
type gone struct {
	mu   sync.Mutex
	set  map[types.UID]bool
	ring []types.UID
	next int
}

func (g *gone) add(uid types.UID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.set == nil {
		g.set = map[types.UID]bool{}
	}
	if uid == "" || g.set[uid] {
		return
	}
	g.set[uid] = true
	if len(g.ring) < goneSize {
		g.ring = append(g.ring, uid)
		return
	}
	delete(g.set, g.ring[g.next])
	g.ring[g.next] = uid
	g.next = (g.next + 1) % goneSize
}

func (g *gone) has(uid types.UID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.set[uid]
}
