package provision

import (
	"context"
	"strings"

	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	apiequality "k8s.io/apimachinery/pkg/api/equality"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

type queue = workqueue.TypedRateLimitingInterface[reconcile.Request]

// byLabel maps what stands in a tenant's namespace, and the namespace, to the tenant.
func byLabel(_ context.Context, o client.Object) []reconcile.Request {
	if name := o.GetLabels()[v1alpha1.LabelTenant]; name != "" {
		return []reconcile.Request{request(name)}
	}
	return nil
}

// byNamespace maps an object without our labels to the tenant of its namespace.
func byNamespace(prefix string) handler.MapFunc {
	return func(_ context.Context, o client.Object) []reconcile.Request {
		if name, ours := strings.CutPrefix(o.GetNamespace(), prefix); ours {
			return []reconcile.Request{request(name)}
		}
		return nil
	}
}

// byOrganization maps a Tenant to its Organization, an update to both.
func byOrganization(_ context.Context, o client.Object) []reconcile.Request {
	if t, ok := o.(*v1alpha1.Tenant); ok {
		return []reconcile.Request{request(t.Spec.Organization)}
	}
	return nil
}

// sectionHandler asks for the Usage of the tenants whose section of a ledger changed.
func sectionHandler() handler.EventHandler {
	ask := func(before, after client.Object, q queue) {
		for _, name := range changedSections(before, after) {
			q.AddAfter(request(name), usageGather)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { ask(nil, e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) { ask(e.ObjectOld, e.ObjectNew, q) },
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { ask(e.Object, nil, q) },
	}
}

// changedSections are the tenants whose account differs between two states of a ledger;
// nil is none of it.
func changedSections(before, after client.Object) []string {
	old, now := sections(before), sections(after)
	var out []string
	for name, s := range now {
		if !apiequality.Semantic.DeepEqual(old[name], s) {
			out = append(out, name)
		}
	}
	for name := range old {
		if _, still := now[name]; !still {
			out = append(out, name)
		}
	}
	return out
}

func sections(o client.Object) map[string]v1alpha1.LedgerSection {
	out := map[string]v1alpha1.LedgerSection{}
	if l, ok := o.(*v1alpha1.QuotaLedger); ok {
		for _, s := range l.Spec.Sections {
			out[s.Tenant] = s
		}
	}
	return out
}
