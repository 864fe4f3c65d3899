package gate

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"time"

	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// AccountOf says how the objects in a tenant's namespace count at a time: what a stored
// object holds is what its creation would demand as it is now.
func AccountOf(program *engine.Program, home *facts.Home, c quota.Calendar, now time.Time) quota.Account {
	e := home.Standing(nil).Effective
	limits := QuotaLimits(e.Totals, c, now)
	maps.Copy(limits, QuotaLimits(e.Limits, c, now))
	return quota.Account{
		Owner: e.Owner, Limits: limits,
		Measure: func(ctx context.Context, o quota.Object) (map[string]resource.Quantity, error) {
			return measure(ctx, program, home, o, now)
		},
	}
}

func measure(ctx context.Context, program *engine.Program, home *facts.Home, o quota.Object, now time.Time) (map[string]resource.Quantity, error) {
	fail := func(err error) (map[string]resource.Quantity, error) {
		return nil, fmt.Errorf("%s %s/%s: %w", o.Kind, o.Namespace, o.Name, err)
	}
	if program == nil {
		return fail(errors.New("no policies are loaded"))
	}
	w := &write{now: now, program: program, home: home, Request: review.Request{
		Phase: review.Validating, Namespace: o.Namespace, Name: o.Name, Operation: review.Create, Object: o.Raw,
		Kind:     review.Kind{Group: o.Group, Version: o.Version, Kind: o.Kind},
		Resource: review.Resource{Group: o.Group, Version: o.Version, Resource: o.Resource},
	}}
	var err error
	if w.object, err = decode(o.Raw); err != nil {
		return fail(err)
	}
	s := &standing{relation: tenant.RelationOwner, role: v1alpha1.RoleMember, facts: home.Standing(nil)}
	s.author = s.facts.Effective.Owner
	w.caller = tenant.Caller{Class: tenant.ClassHuman, Username: s.author}
	demands, err := (&Gate{}).demands(ctx, w, s)
	if err != nil {
		return fail(err)
	}
	return amountsOf(demands), nil
}

// demands asks the policies only what the write takes.
func (g *Gate) demands(ctx context.Context, w *write, s *standing) ([]engine.Demand, error) {
	document, err := w.program.Demand(ctx, g.input(w, s), w.delegated())
	if err != nil {
		return nil, err
	}
	result, err := engine.Decode(document)
	return result.Demands, err
}

// held is what the stored object of an update holds.
func (g *Gate) held(ctx context.Context, w *write, s *standing) (map[string]resource.Quantity, error) {
	before := *w
	before.Operation, before.object, before.old = review.Create, w.old, object{}
	before.Object, before.OldObject = w.OldObject, nil
	demands, err := g.demands(ctx, &before, s)
	return amountsOf(demands), err
}

func amountsOf(demands []engine.Demand) map[string]resource.Quantity {
	out := make(map[string]resource.Quantity, len(demands))
	for _, d := range demands {
		out[d.Dimension] = d.Amount
	}
	return out
}

// raises reports whether one of the demands is more than what is held.
func raises(demands []engine.Demand, held map[string]resource.Quantity) bool {
	for _, d := range demands {
		if have := held[d.Dimension]; d.Amount.Cmp(have) > 0 {
			return true
		}
	}
	return false
}
