package provision

import (
	"sync"
	"time"
)

const (
	// restTimes is how many times as long as a settlement took its domain is left alone
	// after it, so that a domain with thousands of objects, each of which is listed, takes a
	// part of the API server and no more.
	restTimes = 3
	// longestRest bounds it: a place that was given back is free by then.
	longestRest = 5 * time.Second
)

// pace says when a domain may be settled again.
type pace struct {
	mu    sync.Mutex
	until map[string]time.Time
	last  map[string]time.Time // when what came was confirmed
}

// confirms is how long what came waits until it is confirmed, after the last time.
func (p *pace) confirms(domain string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.last[domain].Add(confirmPause).Sub(now))
}

// confirmed notes a confirmation.
func (p *pace) confirmed(domain string, began, ended time.Time) {
	p.settled(domain, began, ended)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.last == nil {
		p.last = map[string]time.Time{}
	}
	p.last[domain] = ended
}

// left is how long a domain still rests; 0: it may be settled.
func (p *pace) left(domain string, now time.Time) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(0, p.until[domain].Sub(now))
}

// settled notes a settlement. One that is soon done asks for no rest: what gathers events
// is enough.
func (p *pace) settled(domain string, began, ended time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	rest := min(restTimes*ended.Sub(began), longestRest)
	if rest <= settlePause {
		delete(p.until, domain)
		return
	}
	if p.until == nil {
		p.until = map[string]time.Time{}
	}
	p.until[domain] = ended.Add(rest)
}
