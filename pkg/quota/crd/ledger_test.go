package crd

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/types"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"

	researchv1 "gatehouse.dev/gatehouse/pkg/apis/research/v1"
	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/quota"
)

const prefix = "claude-runner-user-"

func builder(t *testing.T, objects ...client.Object) *fake.ClientBuilder {
	t.Helper()
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, v1alpha1.AddToScheme, researchv1.AddToScheme} {
		if err := add(scheme); err != nil {
			t.Fatal(err)
		}
	}
	return fake.NewClientBuilder().WithScheme(scheme).WithObjects(objects...)
}

func open(c client.Client, now func() time.Time) *Ledger {
	return New(Options{Client: c, NamespacePrefix: prefix, TTL: 75 * time.Second, Now: now, Account: account})
}

// account counts a session until it is over, and nothing else.
func account(context.Context, string) (quota.Account, error) {
	return quota.Account{Owner: "local:somebody", Measure: func(_ context.Context, o quota.Object) (map[string]resource.Quantity, error) {
		var s researchv1.ResearchSession
		if err := json.Unmarshal(o.Raw, &s); err != nil || o.Kind != "ResearchSession" || s.Status.Phase.Terminal() {
			return nil, err
		}
		return map[string]resource.Quantity{dimensionSessions: resource.MustParse("1")}, nil
	}}, nil
}

const (
	dimensionSessions = "sessions"
	resourceSessions  = "researchsessions.research.example.com"
)

// memory is a Past that knows what is gone.
type memory map[types.UID]bool

func (m memory) Gone(uid types.UID) ([]quota.Use, bool) { return nil, m[uid] }
func (m memory) Since() time.Time                       { return time.Time{} }

func member(name, organization string) *v1alpha1.Tenant {
	return &v1alpha1.Tenant{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: v1alpha1.TenantSpec{Organization: organization}}
}

func session(tenant, name string, phase researchv1.Phase) *researchv1.ResearchSession {
	return &researchv1.ResearchSession{
		ObjectMeta: metav1.ObjectMeta{Namespace: prefix + tenant, Name: name, UID: types.UID(tenant + "-" + name)},
		Status:     researchv1.ResearchSessionStatus{Phase: phase},
	}
}

func demand(domain, tenant, name string, limit int64) quota.Request {
	return quota.Request{
		Domain: domain, Tenant: tenant, UID: tenant + "-" + name,
		Key:     quota.Key{GroupResource: resourceSessions, Namespace: prefix + tenant, Name: name},
		Amounts: map[string]resource.Quantity{dimensionSessions: resource.MustParse("1")},
		Limits:  map[string]quota.Limit{dimensionSessions: {Amount: *resource.NewQuantity(limit, resource.DecimalSI)}},
	}
}

// ledgerOf is a domain's ledger of nothing.
func ledgerOf(domain string) *v1alpha1.QuotaLedger {
	return &v1alpha1.QuotaLedger{ObjectMeta: metav1.ObjectMeta{Name: quota.DomainName(domain)}, Spec: v1alpha1.QuotaLedgerSpec{Domain: domain}}
}

func standing(t *testing.T, c client.Client, domain, tenant string) (used, reserved int64) {
	t.Helper()
	var ledger v1alpha1.QuotaLedger
	if err := c.Get(t.Context(), client.ObjectKey{Name: quota.DomainName(domain)}, &ledger); err != nil {
		t.Fatal(err)
	}
	s := quota.StandingOf(ledger.Spec, tenant, "", nil)
	u, r := s.Used[dimensionSessions], s.Reserved[dimensionSessions]
	return u.Value(), r.Value()
}

func TestReserveRebuildsAMissingLedger(t *testing.T) {
	c := builder(t, member("alice", "acme"), member("bob", "globex"),
		session("alice", "old", researchv1.PhaseRunning), session("alice", "over", researchv1.PhaseCompleted),
		session("bob", "his", researchv1.PhaseRunning)).Build()
	l := open(c, nil)
	decision, err := l.Reserve(t.Context(), demand("organization/acme", "alice", "new", 2))
	if err != nil || !decision.Reserved() {
		t.Fatalf("reserve: %v, %v", decision, err)
	}
	if used, reserved := standing(t, c, "organization/acme", "alice"); used != 1 || reserved != 1 {
		t.Errorf("used %d reserved %d, want 1 and 1", used, reserved)
	}
	decision, err = l.Reserve(t.Context(), demand("organization/acme", "alice", "third", 2))
	if err != nil || decision.Reserved() {
		t.Errorf("a third of two: %v, %v", decision, err)
	}
}

// TestRace lets three replicas create sessions until the limit is reached: no matter who
// wins, neither a tenant nor the organization passes it.
func TestRace(t *testing.T) {
	const (
		perTenant = 7
		jointly   = 12
		asking    = 20
	)
	c := builder(t, member("alice", "acme"), member("carol", "acme")).Build()
	replicas := []*Ledger{open(c, nil), open(c, nil), open(c, nil)}
	var admitted [2]atomic.Int64
	var group sync.WaitGroup
	for n := range 2 * asking {
		group.Go(func() {
			tenant := []string{"alice", "carol"}[n%2]
			r := demand("organization/acme", tenant, fmt.Sprint("s", n), perTenant)
			r.Totals = map[string]quota.Limit{dimensionSessions: {Amount: *resource.NewQuantity(jointly, resource.DecimalSI)}}
			for {
				decision, err := replicas[n%len(replicas)].Reserve(context.Background(), r)
				if errors.Is(err, quota.ErrConflict) {
					continue // what the API server does with 503
				}
				if err != nil {
					t.Errorf("reserve: %v", err)
				}
				if err == nil && decision.Reserved() {
					admitted[n%2].Add(1)
				}
				return
			}
		})
	}
	for range 5 {
		group.Go(func() {
			if _, err := replicas[0].Settle(context.Background(), "organization/acme", nil, nil); err != nil && !errors.Is(err, quota.ErrConflict) {
				t.Errorf("settle: %v", err)
			}
		})
	}
	group.Wait()
	alice, carol := admitted[0].Load(), admitted[1].Load()
	if alice > perTenant || carol > perTenant || alice+carol != jointly {
		t.Errorf("admitted %d of alice, %d of carol; limits %d each, %d in all", alice, carol, perTenant, jointly)
	}
	for i, tenant := range []string{"alice", "carol"} {
		if used, reserved := standing(t, c, "organization/acme", tenant); used != 0 || reserved != admitted[i].Load() {
			t.Errorf("%s: the ledger holds %d and %d, admitted %d", tenant, used, reserved, admitted[i].Load())
		}
	}
}

func TestSettle(t *testing.T) {
	now := time.Now()
	clock := func() time.Time { return now }
	c := builder(t).Build()
	l := open(c, clock)
	const domain = "tenant/erin"
	for _, name := range []string{"stored", "lost", "deleted"} {
		if d, err := l.Reserve(t.Context(), demand(domain, "erin", name, 3)); err != nil || !d.Reserved() {
			t.Fatalf("reserve %s: %v, %v", name, d, err)
		}
	}
	if err := c.Create(t.Context(), session("erin", "stored", researchv1.PhasePending)); err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name           string
		gone           map[types.UID]bool
		after          time.Duration
		used, reserved int64
	}{
		{"the stored one is confirmed", nil, 0, 1, 2},
		{"the deleted one is known to be gone", map[types.UID]bool{"erin-deleted": true}, 0, 1, 1},
		{"the lost one stays for its time", nil, 74 * time.Second, 1, 1},
		{"and not longer", nil, 3 * time.Second, 1, 0},
	}
	for _, step := range steps {
		now = now.Add(step.after)
		if _, err := l.Settle(t.Context(), domain, nil, memory(step.gone)); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		if used, reserved := standing(t, c, domain, "erin"); used != step.used || reserved != step.reserved {
			t.Errorf("%s: used %d reserved %d, want %d and %d", step.name, used, reserved, step.used, step.reserved)
		}
	}
}

// TestSettleLosesToAReservation puts a reservation between the settlement's read of the
// ledger and its write. Its object is stored too late for the list, so a settlement that
// overwrote the entry would forget it. What was observed holds for the ledger with the
// reservation too, so nothing is listed again.
func TestSettleLosesToAReservation(t *testing.T) {
	const domain = "tenant/erin"
	base := builder(t).Build()
	other := open(base, nil)
	if _, err := other.Reserve(t.Context(), demand(domain, "erin", "first", 5)); err != nil {
		t.Fatal(err)
	}
	var once sync.Once
	lists := 0
	c := interceptor.NewClient(base, interceptor.Funcs{
		List: func(ctx context.Context, w client.WithWatch, list client.ObjectList, opts ...client.ListOption) error {
			err := w.List(ctx, list, opts...)
			lists++
			once.Do(func() {
				if _, err := other.Reserve(ctx, demand(domain, "erin", "second", 5)); err != nil {
					t.Error(err)
				}
			})
			return err
		},
	})
	spec, err := open(c, nil).Settle(t.Context(), domain, nil, memory{"erin-first": true})
	if err != nil {
		t.Fatal(err)
	}
	reserved := quota.StandingOf(spec, "erin", "", nil).Reserved[dimensionSessions]
	if reserved.Value() != 1 || lists != len(kinds) {
		t.Errorf("reserved %s after %d lists, want the second's 1 after one of each kind", reserved.String(), lists)
	}
}

func TestFailures(t *testing.T) {
	conflict := apierrors.NewConflict(v1alpha1.GroupVersion.WithResource("quotaledgers").GroupResource(), "tenant-erin", errors.New("busy"))
	down := errors.New("etcd does not answer")
	tests := map[string]struct {
		funcs   interceptor.Funcs
		domain  string
		timeout time.Duration
		want    error
	}{
		"always beaten": {
			funcs: interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
				return conflict
			}},
			want: quota.ErrConflict,
		},
		"out of time": {
			funcs: interceptor.Funcs{Create: func(context.Context, client.WithWatch, client.Object, ...client.CreateOption) error {
				return conflict
			}},
			timeout: 5 * time.Millisecond, want: quota.ErrConflict,
		},
		"cannot read": {
			funcs: interceptor.Funcs{Get: func(context.Context, client.WithWatch, client.ObjectKey, client.Object, ...client.GetOption) error {
				return down
			}},
			want: down,
		},
		"cannot list": {
			funcs: interceptor.Funcs{List: func(context.Context, client.WithWatch, client.ObjectList, ...client.ListOption) error {
				return down
			}},
			want: down,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			ctx := t.Context()
			if tt.timeout > 0 {
				var cancel context.CancelFunc
				ctx, cancel = context.WithTimeout(ctx, tt.timeout)
				defer cancel()
			}
			l := open(builder(t).WithInterceptorFuncs(tt.funcs).Build(), nil)
			decision, err := l.Reserve(ctx, demand("tenant/erin", "erin", "a", 1))
			if !errors.Is(err, tt.want) {
				t.Errorf("error %v, want %v", err, tt.want)
			}
			if diff := cmp.Diff(quota.Decision{}, decision); diff != "" {
				t.Errorf("decision beside the error:\n%s", diff)
			}
		})
	}
	if _, err := open(builder(t).Build(), nil).Reserve(t.Context(), quota.Request{Domain: "acme"}); err == nil {
		t.Error("a domain of no kind was taken")
	}
}

func TestFull(t *testing.T) {
	spec := v1alpha1.QuotaLedgerSpec{Domain: "tenant/erin", Sections: []v1alpha1.LedgerSection{{Tenant: "erin"}}}
	for n := range 2500 {
		spec.Sections[0].Entries = append(spec.Sections[0].Entries, v1alpha1.LedgerEntry{
			GroupResource: resourceSessions, Namespace: prefix + "erin", Name: fmt.Sprint("lost-", n), UID: types.UID(fmt.Sprint(n)),
			Expires: metav1.NewTime(time.Now().Add(time.Minute)),
		})
	}
	c := builder(t, &v1alpha1.QuotaLedger{ObjectMeta: metav1.ObjectMeta{Name: "tenant-erin"}, Spec: spec}).Build()
	r := demand("tenant/erin", "erin", "more", 1)
	r.Limits = map[string]quota.Limit{dimensionSessions: {Unlimited: true}}
	if _, err := open(c, nil).Reserve(t.Context(), r); !errors.Is(err, quota.ErrFull) {
		t.Errorf("error %v, want %v", err, quota.ErrFull)
	}
}
