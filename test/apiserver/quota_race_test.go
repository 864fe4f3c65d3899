package apiserver

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/dynamic"
)

const (
	raceTenants = 20
	racers      = 500
	raceLimit   = 100
	// raceExpiry is the expiry of a reservation with --request-timeout=10s: with it the
	// webhook's 5 s and the slack of 10 s.
	raceExpiry = 25 * time.Second
)

// raceRounds is how many times the race is run: twice, or as often as test-long says.
func raceRounds() int {
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_RACES")); err == nil {
		return n
	}
	return 2
}

var _ = Describe("The race for an organization's last places", Ordered, Serial, func() {
	var c *cluster
	var admin *user
	BeforeAll(func(ctx SpecContext) {
		c = startWith(ctx, "CREDENTIALS=per-controller", "REPLICAS=3", "REQUEST_TIMEOUT=10s")
		admin = c.as("admin")
		raceOrganization(ctx, admin)
		cordon(ctx, admin)
	}, NodeTimeout(5*time.Minute))

	It("is never won by one too many", func(ctx SpecContext) {
		deny := denier(ctx, admin, 0.2)
		for round := range raceRounds() {
			deny.arm(true)
			raceOnce(ctx, c, admin, deny, round)
		}
	}, SpecTimeout(40*time.Minute))
})

// raceOnce lets everybody ask for a session until she has one or the limit is reached for
// good.
func raceOnce(ctx SpecContext, c *cluster, admin *user, deny *webhookOfAnother, round int) {
	GinkgoHelper()
	live := countLive(ctx, admin)
	var shares [3]uint64
	before := [3]uint64{c.decided(ctx, 0), c.decided(ctx, 1), c.decided(ctx, 2)}
	began := time.Now()
	var back returns
	back.on.Store(true)
	run, stop := context.WithCancel(ctx)
	defer stop()

	var everybody sync.WaitGroup
	var answers tally
	for n := range racers {
		everybody.Go(func() {
			defer GinkgoRecover()
			race(run, raceUser(c, n%raceTenants), n, round, &back, &answers)
		})
	}
	everybody.Go(func() {
		defer GinkgoRecover()
		time.Sleep(2 * time.Second)
		for _, i := range []int{1, 2} {
			// One that starts again counts from nothing.
			shares[i], before[i] = c.decided(ctx, i)-before[i], 0
			process := fmt.Sprintf("webhook-%d", i)
			c.launcher(ctx, "stop "+process+" --signal KILL")
			time.Sleep(time.Second)
			c.launcher(ctx, "start "+process)
		}
	})
	time.Sleep(12 * time.Second)
	back.on.Store(false)
	deny.arm(false)
	// What leaked is healed within one expiry; clients go on asking for that long. A
	// deletion that was told to come again may come half a minute later.
	Eventually(func() []int { return []int{live.now(), int(back.pending.Load())} }).WithContext(ctx).WithTimeout(slack * raceExpiry).WithPolling(100 * time.Millisecond).Should(Equal([]int{raceLimit, 0}))
	reached := time.Since(began)
	time.Sleep(2 * time.Second) // and nobody gets one more
	stop()
	everybody.Wait()
	for i := range shares {
		shares[i] += c.decided(ctx, i) - before[i]
	}

	settled := time.Now()
	Eventually(func() []int64 { held, open := domainHolds(ctx, admin, "organization-race"); return []int64{held, open} }).
		WithContext(ctx).WithTimeout(slack * raceExpiry).WithPolling(100 * time.Millisecond).Should(Equal([]int64{raceLimit, 0}))
	list, err := admin.dynamic.Resource(sessions).List(ctx, metav1.ListOptions{})
	Expect(err).NotTo(HaveOccurred())
	Expect(list.Items).To(HaveLen(raceLimit))
	Expect(live.peak()).To(BeNumerically("<=", raceLimit), "more were live at one moment")
	total := shares[0] + shares[1] + shares[2]
	least := 100 * float64(min(shares[0], shares[1], shares[2])) / float64(max(total, 1))
	report("race %d: %d asked, at most %d live at a moment, %d at the end after %.1f s; ledger equal %.1f s later; the least busy of the replicas, two of them killed, decided %.0f %% of %d; %s",
		round, racers, live.peak(), len(list.Items), reached.Seconds(), time.Since(settled).Seconds(), least, total, answers.String())
	Expect(least).To(BeNumerically(">=", 20))
	for _, kind := range []string{"admitted", "organization", "another webhook"} {
		Expect(answers.of(kind)).To(BeNumerically(">", 0), kind)
	}
	Expect(answers.of("other")).To(BeZero(), answers.String())

	live.stop()
	Expect(clearRace(ctx, admin)).To(Succeed())
	Eventually(func() int64 { held, open := domainHolds(ctx, admin, "organization-race"); return held + open }).
		WithContext(ctx).WithTimeout(slack * raceExpiry).WithPolling(100 * time.Millisecond).Should(BeZero())
}

// returns are the sessions that racers give back.
type returns struct {
	on      atomic.Bool
	pending atomic.Int64
}

// give calls remove while sessions are given back, and reports whether it did.
func (b *returns) give(remove func()) bool {
	// Before the look: whoever sees none pending once it is off, will see none.
	b.pending.Add(1)
	defer b.pending.Add(-1)
	if !b.on.Load() {
		return false
	}
	time.Sleep(time.Duration(rand.IntN(500)) * time.Millisecond) //nolint:gosec // Jitter.
	remove()
	return true
}

// race asks for one session until it has one. Every third racer of a tenant shares its name
// with others; while sessions are given back, every fifth that won gives its place back and asks
// again.
func race(ctx context.Context, as dynamic.Interface, n, round int, back *returns, answers *tally) {
	namespace := raceNamespace(n % raceTenants)
	r := as.Resource(sessions).Namespace(namespace)
	manifest := func() *unstructured.Unstructured {
		s := parse(fmt.Sprintf(raceSession, round))
		if n%3 == 0 {
			s.SetName(fmt.Sprintf("shared-%d", n/raceTenants/3))
		} else {
			s.SetGenerateName("r-")
		}
		return s
	}
	// Clients wait longer each time that they are refused, as controllers and kubectl do.
	wait := 200 * time.Millisecond
	for ctx.Err() == nil {
		made, err := r.Create(ctx, manifest(), metav1.CreateOptions{})
		switch kind := answerKind(err); {
		case ctx.Err() != nil:
			return
		case err != nil:
			answers.add(kind, err)
			select {
			case <-ctx.Done():
			case <-time.After(wait/2 + rand.N(wait)): //nolint:gosec // Jitter.
			}
			wait = min(2*wait, 5*time.Second)
		default:
			answers.add(kind, nil)
			if n%5 != 0 || !back.give(func() { _ = r.Delete(ctx, made.GetName(), metav1.DeleteOptions{}) }) {
				return
			}
		}
	}
}

// answerKind sorts what a racer is told.
func answerKind(err error) string {
	switch {
	case err == nil:
		return "admitted"
	case apierrors.IsAlreadyExists(err):
		return "name taken"
	case strings.Contains(err.Error(), "another webhook says no"):
		return "another webhook"
	case apierrors.IsForbidden(err) && strings.Contains(err.Error(), "the limit of organization race"):
		return "organization"
	case apierrors.IsConflict(err) && strings.Contains(err.Error(), "resourcequotas"):
		// The native quota plugin tries three times against its controller, then tells the client to.
		return "native quota's conflict"
	case apierrors.IsInternalError(err), apierrors.IsTimeout(err), apierrors.IsServerTimeout(err), apierrors.IsTooManyRequests(err):
		return "come again"
	}
	if status := apierrors.APIStatus(nil); !errors.As(err, &status) {
		// A request that the API server gave up on may end as a broken stream.
		return "come again"
	}
	return "other"
}

// tally counts answers by kind and keeps one of those that nobody expected.
type tally struct {
	mu     sync.Mutex
	counts map[string]int
	odd    error
}

func (t *tally) add(kind string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.counts == nil {
		t.counts = map[string]int{}
	}
	t.counts[kind]++
	if kind == "other" {
		t.odd = err
	}
}

func (t *tally) of(kind string) int {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.counts[kind]
}

func (t *tally) String() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	text := fmt.Sprint(t.counts)
	if t.odd != nil {
		text += ": " + t.odd.Error()
	}
	return text
}
