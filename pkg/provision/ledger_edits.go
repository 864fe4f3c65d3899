package provision

import (
	"maps"
	"slices"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// edits tell what somebody else did to a ledger's sections from what a settlement did.
type edits struct {
	// own are the last sections that settlements wrote and that were not seen since, of each
	// tenant the oldest first: a watch may lag behind more than one of them.
	own map[string][]v1alpha1.LedgerSection
	// strange are sections that nothing explained when they were seen. The settlement that
	// wrote one may not have come back by then; the next one knows.
	strange map[string]strangeSection
	// foreign are those that somebody else wrote, until they are told of.
	foreign map[string]v1alpha1.LedgerSection
	// gone says that the whole ledger was deleted, until it is told of.
	gone bool
}

type strangeSection struct {
	v1alpha1.LedgerSection
	due time.Time
}

func newEdits() edits {
	return edits{own: map[string][]v1alpha1.LedgerSection{}, strange: map[string]strangeSection{}, foreign: map[string]v1alpha1.LedgerSection{}}
}

// judge decides, before a settlement begins, what is strange of whom it settles, nil for all,
// and adds those whose time has come.
func (e *edits) judge(now time.Time, tenants map[string]bool) {
	for tenant, s := range e.strange {
		due := !s.due.After(now)
		if !due && tenants != nil && !tenants[tenant] {
			continue
		}
		delete(e.strange, tenant)
		if e.wroteIt(tenant, s.LedgerSection) {
			continue
		}
		e.foreign[tenant] = s.LedgerSection
		if tenants != nil {
			tenants[tenant] = true
		}
	}
}

// ownWrites is how many writes of a section a watch may lag behind.
const ownWrites = 8

// wroteIt reports whether a settlement wrote a section. It is seen so once, and what was
// written before it is seen no more: who brings that back changes the ledger by hand.
func (e *edits) wroteIt(tenant string, s v1alpha1.LedgerSection) bool {
	at := slices.IndexFunc(e.own[tenant], func(own v1alpha1.LedgerSection) bool { return apiequality.Semantic.DeepEqual(own, s) })
	if at < 0 {
		return false
	}
	e.own[tenant] = slices.Delete(e.own[tenant], 0, at+1)
	return true
}

// wrote notes what a settlement of some tenants, nil for all, wrote.
func (d *dirty) wrote(domain string, spec v1alpha1.QuotaLedgerSpec, tenants map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	for _, s := range spec.Sections {
		if tenants == nil || tenants[s.Tenant] {
			dirt.own[s.Tenant] = append(dirt.own[s.Tenant], s)
			dirt.own[s.Tenant] = dirt.own[s.Tenant][max(0, len(dirt.own[s.Tenant])-ownWrites):]
		}
	}
}

// saw notes a section, the zero one where there is none any more, that neither reservations
// nor confirmations explain. It reports whether it is to be looked at.
func (d *dirty) saw(domain, tenant string, s v1alpha1.LedgerSection, due time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	if dirt.wroteIt(tenant, s) {
		return false
	}
	if before, is := dirt.strange[tenant]; is {
		due = before.due
	}
	dirt.strange[tenant] = strangeSection{LedgerSection: s, due: due}
	return true
}

// soonest is how long until something that was noted is due. The queue keeps one time of a
// domain, the earliest: what is due later has to be asked for again.
func (d *dirty) soonest(domain string) time.Duration {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt, now, first := d.domain(domain), d.now(), whole
	for _, at := range dirt.due {
		first = min(first, at.Sub(now))
	}
	for _, s := range dirt.strange {
		first = min(first, s.due.Sub(now))
	}
	return max(first, time.Millisecond)
}

// repaired gives the tenants whose sections somebody else had changed and a settlement has
// brought back to something else.
func (d *dirty) repaired(domain string, spec v1alpha1.QuotaLedgerSpec) []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	now := map[string]v1alpha1.LedgerSection{}
	for _, s := range spec.Sections {
		now[s.Tenant] = s
	}
	var out []string
	for tenant, was := range maps.All(dirt.foreign) {
		if !apiequality.Semantic.DeepEqual(was.Settled, now[tenant].Settled) {
			out = append(out, tenant)
		}
	}
	clear(dirt.foreign)
	return out
}

// lost notes that a whole ledger was deleted.
func (d *dirty) lost(domain string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.domain(domain).gone = true
}

// remade reports whether a ledger was deleted before a settlement, once.
func (d *dirty) remade(domain string) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	was := dirt.gone
	dirt.gone = false
	return was
}
