package live

import (
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/go-logr/logr/testr"
	"github.com/google/go-cmp/cmp"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	k8sruntime "k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/apimachinery/pkg/watch"
	"k8s.io/client-go/metadata/fake"
	clienttesting "k8s.io/client-go/testing"

	"gatehouse.dev/gatehouse/pkg/facts"
	"gatehouse.dev/gatehouse/pkg/review"
)

const (
	ownersPrefix = "claude-runner-user-"
	aliceNS      = ownersPrefix + "alice"
)

var (
	deploymentKind = review.Kind{Group: "apps", Version: "v1", Kind: "Deployment"}
	deployments    = schema.GroupVersionResource{Group: "apps", Version: "v1", Resource: "deployments"}
)

// ownerObject is a Deployment's metadata with this wire string and correlation id.
func ownerObject(namespace, name, uid, wire string) *metav1.PartialObjectMetadata {
	m := &metav1.PartialObjectMetadata{
		TypeMeta:   metav1.TypeMeta{APIVersion: "apps/v1", Kind: "Deployment"},
		ObjectMeta: metav1.ObjectMeta{Namespace: namespace, Name: name, UID: types.UID(uid), Annotations: map[string]string{"kubectl": strings.Repeat("x", 1000)}},
	}
	if wire != "" {
		m.Annotations["gatehouse.dev/passport"], m.Annotations["gatehouse.dev/correlation-id"] = wire, "c-"+wire
	}
	return m
}

func sealsOf(wire string) facts.Seals { return facts.Seals{Passport: wire, Correlation: "c-" + wire} }

func fakeMetadata(t *testing.T) *fake.FakeMetadataClient {
	t.Helper()
	scheme := fake.NewTestScheme()
	if err := metav1.AddMetaToScheme(scheme); err != nil {
		t.Fatal(err)
	}
	return fake.NewSimpleMetadataClient(scheme)
}

// within gives slow machines time.
func within(t *testing.T, what string, ok func() bool) {
	t.Helper()
	begin := time.Now()
	for time.Since(begin) < 20*time.Second {
		if ok() {
			return
		}
		time.Sleep(2 * time.Millisecond)
	}
	t.Fatalf("after %s still not %s", time.Since(begin), what)
}

func TestOwnerCacheFollowsTheAPIServer(t *testing.T) {
	client := fakeMetadata(t)
	tracker := client.Tracker()
	create := func(o *metav1.PartialObjectMetadata) {
		t.Helper()
		if err := tracker.Create(deployments, o, o.Namespace); err != nil {
			t.Fatal(err)
		}
	}
	create(ownerObject(aliceNS, "web", "1", "a"))
	create(ownerObject("kube-system", "web", "2", "b"))
	watches := make(chan *watch.FakeWatcher, 8)
	client.PrependWatchReactor("deployments", func(clienttesting.Action) (bool, watch.Interface, error) {
		w := watch.NewFake()
		watches <- w
		return true, w, nil
	})
	c := NewOwnerCache(client, ownersPrefix, BuiltinOwnerKinds()[:1])
	if _, ok := c.Cached(deploymentKind, aliceNS, "web"); ok {
		t.Error("known before anything was listed")
	}
	c.Start(t.Context(), testr.New(t))
	get := func(name string) facts.CachedOwner {
		o, _ := c.Cached(deploymentKind, aliceNS, name)
		return o
	}
	within(t, "listed", func() bool { return get("web").UID == "1" })
	if diff := cmp.Diff(facts.CachedOwner{UID: "1", Seals: sealsOf("a")}, get("web")); diff != "" {
		t.Errorf("web (-want +got):\n%s", diff)
	}
	if _, ok := c.Cached(deploymentKind, "kube-system", "web"); ok || c.Len() != 1 {
		t.Errorf("an object outside tenant namespaces is kept; %d objects", c.Len())
	}
	otherVersion := deploymentKind
	otherVersion.Version = "v1beta1"
	if _, ok := c.Cached(otherVersion, aliceNS, "web"); !ok {
		t.Error("unknown under another version")
	}
	if _, ok := c.Cached(review.Kind{Group: "apps", Kind: "StatefulSet"}, aliceNS, "web"); ok {
		t.Error("a kind that is not watched is known")
	}

	w := <-watches
	former := sealsOf("a")
	w.Add(ownerObject("kube-system", "api", "5", "b"))
	w.Modify(ownerObject(aliceNS, "web", "1", "n"))
	within(t, "rewritten", func() bool { return get("web").Seals == sealsOf("n") })
	if diff := cmp.Diff(&former, get("web").Former); diff != "" {
		t.Errorf("what the rewrite replaced (-want +got):\n%s", diff)
	}
	if c.Len() != 1 {
		t.Errorf("%d objects, an event outside tenant namespaces is kept", c.Len())
	}
	w.Delete(ownerObject(aliceNS, "web", "1", "n"))
	w.Add(ownerObject(aliceNS, "web", "9", ""))
	within(t, "made again", func() bool { return get("web").UID == "9" })
	if diff := cmp.Diff(facts.CachedOwner{UID: "9"}, get("web")); diff != "" {
		t.Errorf("an object of the same name inherits nothing (-want +got):\n%s", diff)
	}
	w.Delete(ownerObject(aliceNS, "web", "9", ""))
	within(t, "deleted", func() bool { return c.Len() == 0 })

	// A watch that ends takes its kind out until it is taken up again.
	w.Add(ownerObject(aliceNS, "api", "3", "c"))
	within(t, "added", func() bool { return get("api").UID == "3" })
	hold := make(chan struct{})
	client.PrependWatchReactor("deployments", func(clienttesting.Action) (bool, watch.Interface, error) {
		<-hold
		return false, nil, nil
	})
	w.Stop()
	within(t, "forgotten", func() bool { return get("api").UID == "" })
	create(ownerObject(aliceNS, "late", "4", "d"))
	close(hold)
	again := <-watches
	again.Add(ownerObject(aliceNS, "late", "4", "d"))
	within(t, "back", func() bool { return get("late").UID == "4" })
}

func TestOwnerCacheOutlivesAKindThatIsNotServed(t *testing.T) {
	client := fakeMetadata(t)
	client.PrependReactor("list", "researchsessions", func(clienttesting.Action) (bool, k8sruntime.Object, error) {
		return true, nil, fmt.Errorf("the server could not find the requested resource")
	})
	if err := client.Tracker().Create(deployments, ownerObject(aliceNS, "web", "1", "a"), aliceNS); err != nil {
		t.Fatal(err)
	}
	kinds := BuiltinOwnerKinds()
	c := NewOwnerCache(client, ownersPrefix, append(kinds[:1:1], kinds[len(kinds)-1], kinds[0]))
	c.Start(t.Context(), testr.New(t))
	within(t, "listed", func() bool { _, ok := c.Cached(deploymentKind, aliceNS, "web"); return ok })
	if _, ok := c.Cached(review.Kind{Group: "research.example.com", Kind: "ResearchSession"}, aliceNS, "web"); ok {
		t.Error("known without a list")
	}
}

func TestFormerSealsAreForgotten(t *testing.T) {
	now := time.Unix(1, 0)
	s := newOwnerStore(func(string) bool { return true }, func() time.Time { return now })
	s.follows()
	put := func(uid, wire string) facts.CachedOwner {
		t.Helper()
		if err := s.Replace([]any{ownerObject(aliceNS, "web", uid, wire)}, ""); err != nil {
			t.Fatal(err)
		}
		o, _ := s.get(aliceNS, "web")
		return o
	}
	former := func(o facts.CachedOwner) string {
		if o.Former == nil {
			return ""
		}
		return o.Former.Passport
	}
	for i, step := range []struct {
		after     time.Duration
		uid, wire string
		former    string
	}{
		{0, "1", "a", ""}, {time.Second, "1", "b", "a"},
		{formerFor - time.Second, "1", "b", "a"}, // an event that changes no seal keeps the time
		{time.Second, "1", "b", ""},
		{0, "1", "c", "b"}, {time.Second, "1", "d", "c"}, {0, "2", "d", ""}, {0, "2", "e", "d"},
	} {
		now = now.Add(step.after)
		if got := former(put(step.uid, step.wire)); got != step.former {
			t.Errorf("step %d: former %q, want %q", i, got, step.former)
		}
	}
	now = now.Add(formerFor)
	if o, ok := s.get(aliceNS, "web"); !ok || o.Former != nil {
		t.Errorf("after %s: %+v, %v", formerFor, o, ok)
	}
}

func TestStoreKnowsOnlyWhileItFollows(t *testing.T) {
	s := newOwnerStore(func(string) bool { return true }, time.Now)
	known := func() bool { _, ok := s.get(aliceNS, "web"); return ok }
	if err := s.Add(ownerObject(aliceNS, "web", "1", "a")); err != nil || known() {
		t.Errorf("known before a list and a watch; %v", err)
	}
	first := s.follows()
	if known() {
		t.Error("known before a list")
	}
	if err := s.Replace([]any{ownerObject(aliceNS, "web", "1", "a")}, ""); err != nil || !known() {
		t.Errorf("not known: %v", err)
	}
	second := s.follows()
	first()
	if !known() {
		t.Error("the end of the watch before took this one down")
	}
	second()
	if known() {
		t.Error("known after the watch ended")
	}
	s.follows()
	s.relisting()
	if known() {
		t.Error("known while listing again")
	}
	for _, act := range []func(any) error{s.Add, s.Update, s.Delete, func(o any) error { return s.Replace([]any{o}, "") }} {
		if act(&metav1.Status{}) == nil {
			t.Error("took what is no metadata")
		}
	}
}

// filled has n ReplicaSets of n/4 Deployments' seals, as rollouts leave them.
func filled(b *testing.B, n int) *ownerStore {
	s := newOwnerStore(func(string) bool { return true }, time.Now)
	s.follows()
	if err := s.Replace(nil, ""); err != nil {
		b.Fatal(err)
	}
	for i := range n {
		wire := strings.Repeat("p", 700) + fmt.Sprint(i/4)
		o := ownerObject(fmt.Sprintf("%s%d", ownersPrefix, i%100), fmt.Sprintf("web-%d-5d4f9c7b8", i), fmt.Sprintf("4f1f5a0e-0000-4000-8000-%012d", i), wire)
		if err := s.Add(o); err != nil {
			b.Fatal(err)
		}
	}
	return s
}

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func BenchmarkOwnerMemory(b *testing.B) {
	const n = 20000
	for b.Loop() {
		before := heap()
		s := filled(b, n)
		b.ReportMetric(float64(heap()-before)/n, "B/object")
		runtime.KeepAlive(s)
	}
}

func BenchmarkOwnerHit(b *testing.B) {
	c := NewOwnerCache(nil, ownersPrefix, BuiltinOwnerKinds()[:1])
	c.stores[BuiltinOwnerKinds()[0].Kind] = filled(b, 20000)
	b.ReportAllocs()
	for b.Loop() {
		if _, ok := c.Cached(deploymentKind, ownersPrefix+"42", "web-10042-5d4f9c7b8"); !ok {
			b.Fatal("not known")
		}
	}
}
