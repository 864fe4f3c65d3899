package turn

import (
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestWhoNeverPausesHasTheNetworkSeen: on one processor, somebody whose next request is always there
// already, and somebody for whom something comes. Go by itself looks after 10 ms, which are 500 turns, or
// 58 if each has to be read for long.
func TestWhoNeverPausesHasTheNetworkSeen(t *testing.T) {
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	for name, tt := range map[string]struct {
		places  int
		reading time.Duration
		most    int
	}{
		"one place":       {1, 0, 250},
		"two places":      {2, 0, 250},
		"much to be read": {1, 150 * time.Microsecond, 40},
		"and two places":  {2, 150 * time.Microsecond, 40},
	} {
		t.Run(name, func(t *testing.T) {
			q := New(Options{Places: places(tt.places), Waiting: 8, Patience: time.Minute, Long: time.Hour})
			if err := q.Listen(); err != nil {
				t.Fatal(err)
			}
			defer q.Close()
			turns, bells := afterTheNetwork(t, q, tt.reading)
			if turns > tt.most {
				t.Errorf("what came was seen after %d turns", turns)
			}
			if bells > (turns+before)/4 {
				t.Errorf("of %d turns %d were by the bell", turns+before, bells)
			}
		})
	}
}

// before is how many turns are had before something comes.
const before = 200

// afterTheNetwork is how many turns one who never pauses has until another has read what came, and how
// often the bell called.
func afterTheNetwork(t *testing.T, q *Queue, reading time.Duration) (turns, bells int) {
	t.Helper()
	out, in, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer out.Close()
	var seen atomic.Bool
	go func() {
		_, _ = out.Read(make([]byte, 1))
		seen.Store(true)
	}()
	time.Sleep(time.Millisecond) // until it reads
	for turns = -before; turns < 10_000 && !seen.Load(); turns++ {
		if turns == 0 {
			if _, err := in.Write([]byte{0}); err != nil {
				t.Fatal(err)
			}
		}
		turn, w, err := q.begin("a")
		if err != nil {
			t.Fatal(err)
		}
		if w != nil {
			bells++
			select {
			case <-w.called:
				turn = w.turn
			case <-time.After(10 * time.Second):
				t.Fatal("nobody is called")
			}
		}
		compute(20 * time.Microsecond)
		turn.End()
		compute(reading)
	}
	return turns, bells
}

// compute keeps a processor.
func compute(length time.Duration) {
	for began := time.Now(); time.Since(began) < length; {
		continue
	}
}

// unheard is a queue whose bell nobody hears.
func unheard(t *testing.T) *Queue {
	t.Helper()
	q := New(bounds())
	var err error
	if q.bell, err = newBell(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(q.Close)
	return q
}

// TestWhoComesNowAndThenHearsNoBell: it costs them a way through the kernel.
func TestWhoComesNowAndThenHearsNoBell(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := unheard(t)
		for range 20 {
			enter(t, q, "a").End()
			time.Sleep(2 * unseen)
		}
	})
}

// TestWhoComesWhileSomebodyComputesForLong is called by the bell, though there is a place: with one
// processor for the two nobody may have looked.
func TestWhoComesWhileSomebodyComputesForLong(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := unheard(t)
		q.Places = places(2)
		enter(t, q, "a")
		time.Sleep(2 * unseen)
		if _, w, err := q.begin("b"); w == nil || err != nil {
			t.Errorf("was let in at once, or %v", err)
		}
	})
}

// TestMuchThatComesKeepsNobodyWaiting: while the bell is not heard, those who come have the next one
// called, one in a while.
func TestMuchThatComesKeepsNobodyWaiting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := unheard(t)
		var all []*waiter
		// come has one more wait, and says how many were called by then.
		come := func() int {
			_, w, err := q.begin("b")
			if w == nil || err != nil {
				t.Fatalf("%d: was let in at once, or %v", len(all), err)
			}
			all = append(all, w)
			return len(all) - q.Length()
		}
		first := enter(t, q, "a")
		called := []int{come(), come()}
		first.End() // directly: somebody came after a pause just now
		called = append(called, come())
		time.Sleep(2 * unseen)
		all[0].turn.End() // rings
		called = append(called, come())
		time.Sleep(2 * unseen)
		called = append(called, come())
		all[1].turn.End()
		called = append(called, come())
		time.Sleep(2 * unseen)
		called = append(called, come())
		if diff := cmp.Diff([]int{0, 0, 1, 1, 2, 2, 3}, called); diff != "" {
			t.Errorf("called when another came (-want +got):\n%s", diff)
		}
	})
}
