package provision

import (
	"maps"
	"sync"
	"time"
)

// dirty keeps of which tenants something was heard since their sections were settled.
type dirty struct {
	now func() time.Time

	mu sync.Mutex
	of map[string]*domainDirt
}

type domainDirt struct {
	tenants map[string]bool
	all     bool
	// wholeAt is when all sections were taken last.
	wholeAt time.Time
}

func (d *dirty) domain(name string) *domainDirt {
	if d.of == nil {
		d.of = map[string]*domainDirt{}
	}
	if d.of[name] == nil {
		d.of[name] = &domainDirt{tenants: map[string]bool{}, all: true}
	}
	return d.of[name]
}

func (d *dirty) add(domain, tenant string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.domain(domain).tenants[tenant] = true
}

func (d *dirty) addAll(domain string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.domain(domain).all = true
}

// take gives the tenants to settle, nil for all: those of a domain that was never settled,
// or not for long.
func (d *dirty) take(domain string) map[string]bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt, now := d.domain(domain), d.now()
	tenants := dirt.tenants
	dirt.tenants = map[string]bool{}
	if dirt.all || now.Sub(dirt.wholeAt) >= whole {
		dirt.all, dirt.wholeAt = false, now
		return nil
	}
	return tenants
}

// back returns what was taken and not settled.
func (d *dirty) back(domain string, tenants map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	if tenants == nil {
		dirt.all = true
		return
	}
	maps.Copy(dirt.tenants, tenants)
}
