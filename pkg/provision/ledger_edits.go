package provision

import (
	"maps"
	"time"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// edits tell what somebody else did to a ledger's sections from what a settlement did.
type edits struct {
	// own are sections as a settlement wrote them last.
	own map[string]v1alpha1.LedgerSection
	// strange are sections that nothing explained when they were seen. The settlement that
	// wrote one may not have come back by then; the next one knows.
	strange map[string]strangeSection
	// foreign are those that somebody else wrote, until they are told of.
	foreign map[string]v1alpha1.LedgerSection
}

type strangeSection struct {
	v1alpha1.LedgerSection
	due time.Time
}

func newEdits() edits {
	return edits{own: map[string]v1alpha1.LedgerSection{}, strange: map[string]strangeSection{}, foreign: map[string]v1alpha1.LedgerSection{}}
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
		if written, is := e.own[tenant]; is && apiequality.Semantic.DeepEqual(written, s.LedgerSection) {
			delete(e.own, tenant)
			continue
		}
		e.foreign[tenant] = s.LedgerSection
		if tenants != nil {
			tenants[tenant] = true
		}
	}
}

// wrote notes what a settlement of some tenants, nil for all, wrote.
func (d *dirty) wrote(domain string, spec v1alpha1.QuotaLedgerSpec, tenants map[string]bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	for _, s := range spec.Sections {
		if tenants == nil || tenants[s.Tenant] {
			dirt.own[s.Tenant] = s
		}
	}
}

// saw notes a section, the zero one where there is none any more, that neither reservations
// nor confirmations explain. What a settlement wrote is seen so once: who brings it back
// changes the ledger by hand. It reports whether it is to be looked at.
func (d *dirty) saw(domain, tenant string, s v1alpha1.LedgerSection, due time.Time) bool {
	d.mu.Lock()
	defer d.mu.Unlock()
	dirt := d.domain(domain)
	if written, is := dirt.own[tenant]; is && apiequality.Semantic.DeepEqual(written, s) {
		delete(dirt.own, tenant)
		return false
	}
	if before, is := dirt.strange[tenant]; is {
		due = before.due
	}
	dirt.strange[tenant] = strangeSection{LedgerSection: s, due: due}
	return true
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
