package provision

import (
	"iter"
	"maps"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/types"
)

// dirty keeps of which tenants something was heard since their sections were settled, and
// whose entries are open.
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
	// due says of whom it is when her section is settled though nothing was heard of her:
	// the ledger was changed; ends alike, because of what is open in it as it is now.
	due, ends map[string]time.Time
	// open is how many entries the ledger had when it was seen last.
	open int
	// came are the objects that were seen to come, by tenant, and neither confirmed nor
	// settled since: one without an entry is known from here alone.
	came map[types.UID]string
	edits
}

func (d *dirty) domain(name string) *domainDirt {
	if d.of == nil {
		d.of = map[string]*domainDirt{}
	}
	if d.of[name] == nil {
		d.of[name] = &domainDirt{tenants: map[string]bool{}, due: map[string]time.Time{}, ends: map[string]time.Time{}, came: map[types.UID]string{}, all: true, edits: newEdits()}
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

// addAt has a tenant's section settled at a time, or at an earlier one that was said.
func (d *dirty) addAt(domain, tenant string, at time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	due := d.domain(domain).due
	if said, is := due[tenant]; !is || at.Before(said) {
		due[tenant] = at
	}
}

// opened notes how many entries a ledger has, and when the first of each section is due.
// A time that was said before stays if it is earlier and something is open still: a ledger
// that changes all the time must not put it off.
func (d *dirty) opened(domain string, entries int, ends map[string]time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	for tenant, at := range ends {
		if said, is := dirt.ends[tenant]; is && said.Before(at) {
			ends[tenant] = said
		}
	}
	dirt.open, dirt.ends = entries, ends
}

// arrived notes an object that came.
func (d *dirty) arrived(domain, tenant string, uid types.UID) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.domain(domain).came[uid] = tenant
}

// arrivals are the objects that came until now.
func (d *dirty) arrivals(domain string) map[types.UID]string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return maps.Clone(d.domain(domain).came)
}

// accounted forgets arrivals that are confirmed or settled.
func (d *dirty) accounted(domain string, uids iter.Seq[types.UID]) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for uid := range uids {
		delete(d.domain(domain).came, uid)
	}
}

func (d *dirty) entries(domain string) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.domain(domain).open
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
		clear(dirt.due)
		clear(dirt.ends)
		dirt.judge(now, nil)
		return nil
	}
	for _, times := range []map[string]time.Time{dirt.due, dirt.ends} {
		for tenant, at := range times {
			if !at.After(now) {
				tenants[tenant] = true
			}
		}
	}
	dirt.judge(now, tenants)
	for tenant := range tenants {
		delete(dirt.due, tenant)
		delete(dirt.ends, tenant)
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
