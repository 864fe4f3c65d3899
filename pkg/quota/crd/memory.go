package crd

import (
	"context"
	"sync"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

const (
	// dryAge is how old a ledger may be that says that a dry run would be admitted, unless
	// this process wrote it since. Between a dry run and the write itself everything may
	// happen anyway.
	dryAge = time.Second
	// dryDomains bounds how many ledgers are remembered.
	dryDomains = 256
)

// remembered keeps ledgers that dry runs read, so that a flood of dry runs reads each
// domain's once a second. The zero value is empty.
type remembered struct {
	mu sync.Mutex
	of map[string]dated
}

type dated struct {
	spec v1alpha1.QuotaLedgerSpec
	at   time.Time
}

func (m *remembered) get(domain string, now time.Time) (v1alpha1.QuotaLedgerSpec, bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	known, ok := m.of[domain]
	age := now.Sub(known.at)
	return known.spec, ok && age >= 0 && age < dryAge
}

func (m *remembered) put(domain string, spec v1alpha1.QuotaLedgerSpec, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.of == nil || len(m.of) >= dryDomains {
		m.of = map[string]dated{}
	}
	m.of[domain] = dated{spec, now}
}

func (m *remembered) forget(domain string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.of, domain)
}

// try says whether a ledger of a moment ago holds a dry run's demand. If it does not, and if
// there is none, that is for a reservation to say: nobody is refused from memory.
func (l *Ledger) try(ctx context.Context, r quota.Request) (quota.Decision, bool) {
	began := l.now()
	spec, known := l.dry.get(r.Domain, began)
	if !known {
		at, err := l.read(ctx, r.Domain)
		if err != nil || at.anew {
			return quota.Decision{}, false
		}
		spec = at.Spec
		l.dry.put(r.Domain, spec, began)
	}
	_, decision := quota.Reserve(spec, r, began, l.ttl)
	return decision, decision.Reserved()
}
