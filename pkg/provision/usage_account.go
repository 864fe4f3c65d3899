package provision

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"

	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/predicate"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/provision/home"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// usageOf is the account of one tenant: every dimension that is limited or used.
func usageOf(e tenant.Effective, held quota.Standing, c quota.Calendar, now time.Time) v1alpha1.UsageStatus {
	status := v1alpha1.UsageStatus{
		Tenant: e.Tenant, User: e.Owner, Organization: e.Organization, Role: e.Role, Tier: e.Tier,
		Suspended: e.Suspended, Models: e.Models,
	}
	dimensions := map[string]bool{}
	for dimension := range e.Limits {
		dimensions[dimension] = true
	}
	for dimension := range held.Used {
		dimensions[dimension] = true
	}
	for dimension := range held.Reserved {
		dimensions[dimension] = true
	}
	most := int32(0)
	for _, dimension := range slices.Sorted(maps.Keys(dimensions)) {
		line := lineOf(e, held, dimension)
		if line.Window != v1alpha1.WindowNone {
			start, end := metav1.NewTime(c.Start(line.Window, now)), metav1.NewTime(c.End(line.Window, now))
			line.WindowStart, line.ResetsAt = &start, &end
		}
		status.Dimensions = append(status.Dimensions, line)
		if line.Percent != nil && *line.Percent > most {
			most = *line.Percent
			status.Fullest = fmt.Sprintf("%s %d%%", dimension, most)
		}
	}
	return status
}

// lineOf is one line of the account. What nobody limits has limit 0.
func lineOf(e tenant.Effective, held quota.Standing, dimension string) v1alpha1.UsageDimension {
	line := v1alpha1.UsageDimension{
		Dimension: dimension, Unit: quota.Unit(dimension), Used: held.Used[dimension], Reserved: held.Reserved[dimension],
		Limit: "0", Window: v1alpha1.WindowNone,
	}
	limit, limited := e.Limits[dimension]
	if !limited {
		return line
	}
	line.Window, line.Source = limit.Window, limit.Source
	if limit.Unlimited {
		line.Limit = v1alpha1.Unlimited
		return line
	}
	line.Limit = limit.Amount.String()
	if limit.Amount.Sign() > 0 {
		sum := line.Used.DeepCopy()
		sum.Add(line.Reserved)
		percent := int32(min(math.MaxInt32, sum.AsApproximateFloat64()/limit.Amount.AsApproximateFloat64()*100))
		line.Percent = &percent
	}
	return line
}

// fenced adds what only the native ResourceQuota counts.
func (r *usages) fenced(ctx context.Context, name string, held *quota.Standing) error {
	fence := &corev1.ResourceQuota{}
	err := r.Get(ctx, client.ObjectKey{Namespace: r.prefix + name, Name: home.Name}, fence)
	if apierrors.IsNotFound(err) {
		return nil
	}
	if err != nil {
		return fmt.Errorf("resource quota of tenant %s: %w", name, err)
	}
	for dimension, key := range home.Fenced() {
		if used, counted := fence.Status.Used[key]; counted && !used.IsZero() {
			held.Used[dimension] = used
		}
	}
	return nil
}

// nextReset is when the first window of an account ends, 0 for never.
func nextReset(status v1alpha1.UsageStatus, now time.Time) time.Duration {
	next := time.Duration(0)
	for _, d := range status.Dimensions {
		if d.ResetsAt == nil {
			continue
		}
		if left := d.ResetsAt.Sub(now) + time.Second; next == 0 || left < next {
			next = left
		}
	}
	return max(next, 0)
}

// level is how full a limit is, in steps that are told of: 0, 80 and 100 percent.
func level(d v1alpha1.UsageDimension) int32 {
	for _, step := range []int32{100, 80} {
		if d.Percent != nil && *d.Percent >= step {
			return step
		}
	}
	return 0
}

// tell records an event for each limit that has just become nearly or quite used up.
func (r *usages) tell(u *v1alpha1.Usage, before v1alpha1.UsageStatus) {
	was := map[string]int32{}
	for _, d := range before.Dimensions {
		was[d.Dimension] = level(d)
	}
	for _, d := range u.Status.Dimensions {
		now := level(d)
		if now <= was[d.Dimension] || r.told == nil {
			continue
		}
		reason := "LimitNear"
		if now == 100 {
			reason = "LimitReached"
		}
		sum := d.Used.DeepCopy()
		sum.Add(d.Reserved)
		r.told.Eventf(u, nil, corev1.EventTypeWarning, reason, "Count", "%s of %s %s are used (%s)", sum.String(), d.Limit, d.Dimension, cmp.Or(d.Source, "limit"))
	}
}

// fencedChanged lets through a ResourceQuota that counts something else of what only it
// counts.
func fencedChanged() predicate.Predicate {
	return predicate.Funcs{UpdateFunc: func(e event.UpdateEvent) bool {
		before, ok := e.ObjectOld.(*corev1.ResourceQuota)
		after, also := e.ObjectNew.(*corev1.ResourceQuota)
		if !ok || !also {
			return false
		}
		for _, key := range home.Fenced() {
			if old, now := before.Status.Used[key], after.Status.Used[key]; old.Cmp(now) != 0 {
				return true
			}
		}
		return false
	}}
}
