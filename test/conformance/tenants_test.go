//go:build !race

package conformance

import (
	"context"
	"fmt"
	"net/http"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/serving"
)

// crowd is the sample platform with n tenants more, in a hundred organizations.
func crowd(s *Sample, n int) facts.Objects {
	in := s.Platform
	meta := func(name string) metav1.ObjectMeta {
		return metav1.ObjectMeta{Name: name, UID: types.UID("uid-" + name), ResourceVersion: "1"}
	}
	for i := range 100 {
		in.Organizations = append(in.Organizations, &v1alpha1.Organization{ObjectMeta: meta(fmt.Sprintf("crowd-%d", i)),
			Spec: v1alpha1.OrganizationSpec{Tiers: []string{"standard"}, Models: []v1alpha1.GrantedModel{{Name: "claude-sonnet"}}}})
	}
	for i := range 50 {
		in.Models = append(in.Models, &v1alpha1.Model{ObjectMeta: meta(fmt.Sprintf("model-%d", i)), Spec: v1alpha1.ModelSpec{Provider: "anthropic"}})
	}
	for i := range n {
		name := fmt.Sprintf("crowd-%d", i)
		in.Tenants = append(in.Tenants, &v1alpha1.Tenant{ObjectMeta: meta(name), Spec: v1alpha1.TenantSpec{
			Owner: v1alpha1.TenantOwner{User: "local:" + name}, Organization: fmt.Sprintf("crowd-%d", i%100), Tier: "standard"}})
		in.Namespaces = append(in.Namespaces, facts.Namespace{Name: prefix + name, UID: types.UID("ns-" + name), ResourceVersion: "1",
			Labels: map[string]string{v1alpha1.LabelTenant: name}, Annotations: map[string]string{v1alpha1.AnnotationTenantUID: "uid-" + name}})
	}
	return in
}

// moving are facts that change.
type moving struct {
	*Sample
	now atomic.Pointer[facts.Snapshot]
}

func (m *moving) Snapshot() *facts.Snapshot { return m.now.Load() }

// crowded is the whole webhook over a crowd.
func crowded(tb testing.TB, n int) (http.Handler, *moving, facts.Objects) {
	tb.Helper()
	go func() { _ = serving.TuneCollector(tb.Context()) }()
	m := &moving{}
	var all facts.Objects
	handler, _, _ := webhook(tb, func(s *Sample, g *gate.Gate) {
		all = crowd(s, n)
		m.Sample = s
		m.now.Store(facts.Build(all))
		g.Facts = m
	})
	return handler, m, all
}

// BenchmarkTenants is a small Pod's decision among few tenants and many.
func BenchmarkTenants(b *testing.B) {
	for _, n := range []int{100, 1000, 10000, 30000} {
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		handler, m, _ := crowded(b, n)
		runtime.GC()
		runtime.ReadMemStats(&after)
		r := creation(b, handler, pod("small", "A", "b"))[1]
		b.Run(strconv.Itoa(n), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				send(b, handler, r)
			}
			b.ReportMetric(float64(int64(after.HeapAlloc)-int64(before.HeapAlloc))/(1<<20), "MiB-held")
			b.StopTimer()
			b.ReportMetric(float64(quantile(b, handler, r, 4000, .5).Microseconds())/1000, "p50-ms")
		})
		runtime.KeepAlive(m)
	}
}

// BenchmarkChanges is p99.9 of a small Pod's decision among ten thousand tenants, idle and while
// a thousand facts a second change, gathered into snapshots as the webhook gathers them.
func BenchmarkChanges(b *testing.B) {
	handler, m, all := crowded(b, 10000)
	r := creation(b, handler, pod("small", "A", "b"))[1]
	// So many that the collector runs several times on either side: what the slowest in a
	// thousand meet is its run.
	const enough = 30000
	for b.Loop() {
		quiet := quantile(b, handler, r, enough, .999)
		ctx, cancel := context.WithCancel(b.Context())
		done := make(chan struct{})
		go func() {
			defer close(done)
			m.change(ctx, all, 1000)
		}()
		busy := quantile(b, handler, r, enough, .999)
		cancel()
		<-done
		b.ReportMetric(float64(quiet.Microseconds())/1000, "idle-ms")
		b.ReportMetric(float64(busy.Microseconds())/1000, "changing-ms")
		b.ReportMetric(float64(busy)/float64(quiet), "ratio")
	}
}

// change has so many tenants a second change until ctx ends.
func (m *moving) change(ctx context.Context, all facts.Objects, aSecond int) {
	all.Tenants = slices.Clone(all.Tenants)
	version := 1
	told := facts.Change{Tenants: map[string]*v1alpha1.Tenant{}}
	for last := time.Now(); ctx.Err() == nil; {
		changes := int(time.Since(last).Seconds() * float64(aSecond))
		last = time.Now()
		for range changes {
			version++
			at := len(all.Tenants) - 1 - version%10000
			changed := *all.Tenants[at]
			changed.ResourceVersion = strconv.Itoa(version)
			all.Tenants[at] = &changed
			told.Tenants[changed.Name] = &changed
		}
		m.now.Store(m.now.Load().After(told))
		clear(told.Tenants)
		time.Sleep(max(5*time.Millisecond, min(4*time.Since(last), 250*time.Millisecond)))
	}
}
