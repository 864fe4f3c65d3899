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

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
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

// sessionHandler asks for a settlement when a session begins to hold something or stops.
// Chat messages are updates of sessions too, and settle nothing.
func sessionHandler(d domains, g *gone) handler.EventHandler {
	ask := func(ctx context.Context, o client.Object, q queue) {
		if domain := d.ofNamespace(ctx, o.GetNamespace()); domain != "" {
			q.AddAfter(request(domain), settlePause)
		}
	}
	over := func(o client.Object) bool {
		s, ok := o.(*researchv1.ResearchSession)
		return ok && s.Status.Phase.Terminal()
	}
	return handler.Funcs{
		CreateFunc: func(ctx context.Context, e event.CreateEvent, q queue) { ask(ctx, e.Object, q) },
		UpdateFunc: func(ctx context.Context, e event.UpdateEvent, q queue) {
			// A watch that was away may show a name's next object as an update.
			anew := e.ObjectOld.GetUID() != e.ObjectNew.GetUID()
			if anew {
				g.add(e.ObjectOld.GetUID())
			}
			if anew || over(e.ObjectOld) != over(e.ObjectNew) {
				ask(ctx, e.ObjectNew, q)
			}
		},
		DeleteFunc: func(ctx context.Context, e event.DeleteEvent, q queue) {
			g.add(e.Object.GetUID())
			ask(ctx, e.Object, q)
		},
	}
}

// domainHandler asks for a settlement of the domain that a Tenant or a ledger is of, an
// update also of the one that it was of.
func domainHandler(d domains) handler.EventHandler {
	ask := func(o client.Object, q queue) {
		if domain := d.ofObject(o); domain != "" {
			q.AddAfter(request(domain), settlePause)
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { ask(e.Object, q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			if _, ledger := e.ObjectNew.(*v1alpha1.QuotaLedger); ledger {
				if domain := d.ofObject(e.ObjectNew); domain != "" {
					q.AddAfter(request(domain), sweep)
				}
				return
			}
			if d.ofObject(e.ObjectOld) != d.ofObject(e.ObjectNew) {
				ask(e.ObjectOld, q)
				ask(e.ObjectNew, q)
			}
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { ask(e.Object, q) },
	}
}

// sectionHandler asks for the Usage of the tenants whose section of a ledger changed.
func sectionHandler() handler.EventHandler {
	sections := func(o client.Object) map[string]v1alpha1.LedgerSection {
		out := map[string]v1alpha1.LedgerSection{}
		if l, ok := o.(*v1alpha1.QuotaLedger); ok {
			for _, s := range l.Spec.Sections {
				out[s.Tenant] = s
			}
		}
		return out
	}
	ask := func(before, after map[string]v1alpha1.LedgerSection, q queue) {
		for name, s := range after {
			if !apiequality.Semantic.DeepEqual(before[name], s) {
				q.Add(request(name))
			}
		}
		for name := range before {
			if _, still := after[name]; !still {
				q.Add(request(name))
			}
		}
	}
	return handler.Funcs{
		CreateFunc: func(_ context.Context, e event.CreateEvent, q queue) { ask(nil, sections(e.Object), q) },
		UpdateFunc: func(_ context.Context, e event.UpdateEvent, q queue) {
			ask(sections(e.ObjectOld), sections(e.ObjectNew), q)
		},
		DeleteFunc: func(_ context.Context, e event.DeleteEvent, q queue) { ask(sections(e.Object), nil, q) },
	}
}
