package crd

import (
	"context"
	"fmt"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/quota/gpu"
)

const pageSize = 500

// seen is what was observed of a domain's tenants.
type seen struct {
	objects []quota.Observed
	// owners are whose sections that makes.
	owners map[string]string
	// moved are those who are in another domain, with what their objects used by now.
	moved map[string]map[types.UID][]quota.Use
}

// observe lists what is stored of some tenants of a domain, nil for all of them, and says
// whose sections that makes. Without a resourceVersion the API server answers no older
// than the quorum; the pages after the first are of the same moment.
func (l *Ledger) observe(ctx context.Context, spec v1alpha1.QuotaLedgerSpec, tenants map[string]bool, anew bool) (seen, error) {
	out := seen{owners: map[string]string{}, moved: map[string]map[types.UID][]quota.Use{}}
	of, err := l.memberships(ctx, spec, tenants)
	if err != nil {
		return out, err
	}
	for name, is := range of {
		if is == moved { // what she has counts where she is
			if out.moved[name], err = l.usedBy(ctx, spec, name); err != nil {
				return out, err
			}
			continue
		}
		account, err := l.account(ctx, name)
		if err != nil {
			return out, fmt.Errorf("account of tenant %s: %w", name, err)
		}
		out.owners[name] = account.Owner
		found, err := l.objectsOf(ctx, name, account)
		if err != nil {
			return out, err
		}
		out.objects = append(out.objects, found...)
		if anew {
			known, err := l.remembered(ctx, name)
			if err != nil {
				return out, err
			}
			out.objects = append(out.objects, known...)
		}
	}
	return out, nil
}

// usedBy is what the Pods of a tenant used by now whose meters are still to be left behind.
func (l *Ledger) usedBy(ctx context.Context, spec v1alpha1.QuotaLedgerSpec, tenant string) (map[types.UID][]quota.Use, error) {
	if !slices.ContainsFunc(spec.Sections, func(s v1alpha1.LedgerSection) bool {
		return s.Tenant == tenant && slices.ContainsFunc(s.Meters, func(m v1alpha1.LedgerMeter) bool { return !m.Left })
	}) {
		return nil, nil
	}
	var pods corev1.PodList
	if err := l.client.List(ctx, &pods, client.InNamespace(l.prefix+tenant)); err != nil {
		return nil, fmt.Errorf("list pods of tenant %s: %w", tenant, err)
	}
	out := map[types.UID][]quota.Use{}
	for i := range pods.Items {
		out[pods.Items[i].UID] = Metered(&pods.Items[i], l.calendar, resource.Quantity{}, l.now())
	}
	return out, nil
}

// membership says what a tenant is to a domain.
type membership int

const (
	// gone: she left the platform; what still runs counts here until it ends.
	gone membership = iota
	present
	// moved: she is in another domain.
	moved
)

// memberships finds what some tenants are to a domain: nil for all that are in it or have a
// section. Few are asked for by name, since a list has all tenants of the platform.
func (l *Ledger) memberships(ctx context.Context, spec v1alpha1.QuotaLedgerSpec, tenants map[string]bool) (map[string]membership, error) {
	of := map[string]membership{}
	_, only, _ := quota.SplitDomain(spec.Domain)
	if tenants == nil && only != "" {
		tenants = map[string]bool{only: true}
		for _, s := range spec.Sections {
			tenants[s.Tenant] = true
		}
	}
	if tenants == nil {
		members, err := l.members(ctx, spec.Domain)
		if err != nil {
			return nil, err
		}
		for name := range members {
			of[name] = present
		}
		tenants = map[string]bool{}
		for _, s := range spec.Sections {
			if !members[s.Tenant] {
				tenants[s.Tenant] = true
			}
		}
	}
	for name := range tenants {
		is, err := membershipOf(ctx, l.client, spec.Domain, name)
		if err != nil {
			return nil, err
		}
		of[name] = is
	}
	return of, nil
}

func membershipOf(ctx context.Context, from client.Reader, domain, name string) (membership, error) {
	organization, only, _ := quota.SplitDomain(domain)
	if only != "" {
		organization = v1alpha1.OrganizationIndividuals
	}
	var t v1alpha1.Tenant
	err := from.Get(ctx, client.ObjectKey{Name: name}, &t)
	switch {
	case apierrors.IsNotFound(err):
		return gone, nil
	case err != nil:
		return gone, fmt.Errorf("tenant %s: %w", name, err)
	case t.Spec.Organization == organization && (only == "" || only == name):
		return present, nil
	}
	return moved, nil
}

// members are the tenants of an organization's domain.
func (l *Ledger) members(ctx context.Context, domain string) (map[string]bool, error) {
	organization, _, _ := quota.SplitDomain(domain)
	var tenants v1alpha1.TenantList
	if err := l.client.List(ctx, &tenants); err != nil {
		return nil, fmt.Errorf("list tenants: %w", err)
	}
	members := map[string]bool{}
	for i := range tenants.Items {
		if tenants.Items[i].Spec.Organization == organization {
			members[tenants.Items[i].Name] = true
		}
	}
	return members, nil
}

// objectsOf lists what a tenant has stored of every kind that counts.
func (l *Ledger) objectsOf(ctx context.Context, tenant string, account quota.Account) ([]quota.Observed, error) {
	var out []quota.Observed
	for _, k := range kinds {
		for next := ""; ; {
			page := k.list()
			err := l.client.List(ctx, page, client.InNamespace(l.prefix+tenant), client.Limit(pageSize), client.Continue(next))
			if err != nil {
				return nil, fmt.Errorf("list %s of tenant %s: %w", k.resource, tenant, err)
			}
			err = meta.EachListItem(page, func(o runtime.Object) error {
				seen, err := l.look(ctx, k, tenant, account, o.(client.Object))
				out = append(out, seen)
				return err
			})
			if err != nil {
				return nil, err
			}
			if next = page.GetContinue(); next == "" {
				break
			}
		}
	}
	return out, nil
}

// look says what one stored object holds.
func (l *Ledger) look(ctx context.Context, k kind, tenant string, account quota.Account, o client.Object) (quota.Observed, error) {
	out := quota.Observed{Tenant: tenant, Owner: account.Owner, Key: k.key(o), UID: o.GetUID(), Version: o.GetResourceVersion()}
	raw, err := k.raw(o)
	if err != nil {
		return out, err
	}
	amounts, err := account.Measure(ctx, raw)
	if err != nil {
		return out, fmt.Errorf("measure %w", err)
	}
	now := l.now()
	if pod, ok := o.(*corev1.Pod); ok {
		out.Metered = Metered(pod, l.calendar, amounts[gpu.Dimension], now)
		delete(amounts, gpu.Dimension)
	}
	for dimension, amount := range amounts {
		limit := account.Limits[dimension]
		switch {
		case limit.Window == "" || limit.Window == v1alpha1.WindowNone:
			if out.Amounts == nil {
				out.Amounts = map[string]resource.Quantity{}
			}
			out.Amounts[dimension] = amount
		case !o.GetCreationTimestamp().Time.Before(limit.Start):
			out.Charges = append(out.Charges, quota.Use{
				Dimension: dimension, Start: metav1.NewTime(limit.Start.UTC()), Length: limit.Window, Amount: amount,
			})
		}
	}
	return out, nil
}

// Metered is the device time of a Pod in this month and the last. A Pod that runs counts
// at least what was set aside for it, so that the time it may still take is not promised
// twice.
func Metered(p *corev1.Pod, c quota.Calendar, aside resource.Quantity, now time.Time) []quota.Use {
	devices := gpu.Devices(p)
	if devices == 0 {
		return nil
	}
	held, ended := gpu.Held(p, now)
	present := c.Start(v1alpha1.WindowMonth, now)
	before := c.Start(v1alpha1.WindowMonth, present.Add(-time.Hour))
	use := func(start, end time.Time) quota.Use {
		return quota.Use{
			Dimension: gpu.Dimension, Start: metav1.NewTime(start), Length: v1alpha1.WindowMonth,
			Amount: *resource.NewQuantity(devices*held.Within(gpu.Span{From: start, To: end}).Seconds(), resource.DecimalSI),
		}
	}
	var out []quota.Use
	last, this := use(before, present), use(present, c.End(v1alpha1.WindowMonth, now))
	if !last.Amount.IsZero() {
		out = append(out, last)
		aside.Sub(last.Amount)
	}
	if !ended && this.Amount.Cmp(aside) < 0 {
		this.Amount = aside
	}
	return append(out, this)
}

// remembered is what a tenant's own Usage says that she used within windows: where the
// ledger is lost, it is the other place that knows. It stands for an object that holds
// nothing.
func (l *Ledger) remembered(ctx context.Context, tenant string) ([]quota.Observed, error) {
	var usage v1alpha1.Usage
	err := l.client.Get(ctx, client.ObjectKey{Namespace: l.prefix + tenant, Name: v1alpha1.UsageName}, &usage)
	if apierrors.IsNotFound(err) || meta.IsNoMatchError(err) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("usage of tenant %s: %w", tenant, err)
	}
	out := quota.Observed{Tenant: tenant, Owner: usage.Status.User, Remembered: true}
	for _, d := range usage.Status.Dimensions {
		if d.WindowStart != nil {
			out.Charges = append(out.Charges, quota.Use{Dimension: d.Dimension, Start: *d.WindowStart, Length: d.Window, Amount: d.Used})
		}
	}
	return []quota.Observed{out}, nil
}
