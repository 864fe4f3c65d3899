package turn

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// bounds with one place, in which nothing ends by itself within a test's first minute.
func bounds() Options {
	return Options{Places: places(1), Waiting: 8, Patience: time.Minute, Long: time.Hour}
}

func places(n int) func() int { return func() int { return n } }

// enter takes a place that must be free.
func enter(t *testing.T, q *Queue, whose string) *Turn {
	t.Helper()
	turn, err := q.Enter(t.Context(), whose)
	if err != nil || turn == nil {
		t.Fatalf("%s: %v, %v", whose, turn, err)
	}
	return turn
}

// served notes who was served in which order, and how it ended for the others.
type served struct {
	mu    sync.Mutex
	order []string
	all   sync.WaitGroup
}

// wait has somebody wait on behalf of whose, and end at once when served.
func (s *served) wait(t *testing.T, q *Queue, whose string) {
	t.Helper()
	s.all.Go(func() {
		turn, err := q.Enter(t.Context(), whose)
		s.mu.Lock()
		if err != nil {
			whose += ": " + err.Error()
		}
		s.order = append(s.order, whose)
		s.mu.Unlock()
		turn.End()
	})
	synctest.Wait()
}

func (s *served) want(t *testing.T, want ...string) {
	t.Helper()
	s.all.Wait()
	if diff := cmp.Diff(want, s.order); diff != "" {
		t.Errorf("served (-want +got):\n%s", diff)
	}
}

func TestLinesTakeTurns(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := New(bounds())
		first := enter(t, q, "a")
		var s served
		for _, whose := range []string{"a", "a", "a", "b", "b", "c"} {
			s.wait(t, q, whose)
		}
		if got := q.Length(); got != 6 {
			t.Errorf("%d wait, want 6", got)
		}
		first.End()
		s.want(t, "a", "b", "c", "a", "b", "a")
		if got := q.Length(); got != 0 {
			t.Errorf("%d wait at the end", got)
		}
	})
}

func TestWhoWaitsTooLongIsToldSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := New(bounds())
		first := enter(t, q, "a")
		var s served
		s.wait(t, q, "b")
		time.Sleep(30 * time.Second)
		s.wait(t, q, "c")
		time.Sleep(31 * time.Second) // b's patience is at its end
		synctest.Wait()
		first.End()
		s.want(t, "b: "+ErrLate.Error(), "c")
	})
}

func TestACrowdPushesNobodyElseOut(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := bounds()
		o.Waiting = 4
		q := New(o)
		first := enter(t, q, "crowd")
		var s served
		for range 4 {
			s.wait(t, q, "crowd")
		}
		s.wait(t, q, "crowd") // the fifth may not wait
		s.wait(t, q, "b")     // the fourth makes room
		s.wait(t, q, "c")     // and the third
		s.wait(t, q, "d")     // and the second
		s.wait(t, q, "e")     // nobody's line is longer than e's would be
		first.End()
		late := "crowd: " + ErrCrowded.Error()
		s.want(t, late, late, late, late, "e: "+ErrCrowded.Error(), "crowd", "b", "c", "d")
	})
}

func TestWhoseCallerLeavesIsForgotten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := New(bounds())
		first := enter(t, q, "a")
		ctx, cancel := context.WithCancel(t.Context())
		var err error
		done := make(chan struct{})
		go func() {
			defer close(done)
			_, err = q.Enter(ctx, "b")
		}()
		synctest.Wait()
		cancel()
		<-done
		if !errors.Is(err, context.Canceled) || q.Length() != 0 {
			t.Errorf("%v, %d wait", err, q.Length())
		}
		first.End()
		enter(t, q, "c").End()
	})
}

func TestAPlaceThatIsKeptTooLongIsTaken(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := bounds()
		o.Long = 10 * time.Millisecond
		q := New(o)
		endless := enter(t, q, "a")
		began := time.Now()
		second, err := q.Enter(t.Context(), "b")
		if err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took > 2*o.Long {
			t.Errorf("it came after %s", took)
		}
		// Its place is another's now: to give it back gives nothing.
		endless.End()
		var s served
		s.wait(t, q, "c")
		if got := q.Length(); got != 1 {
			t.Errorf("%d wait, want the one who came after", got)
		}
		second.End()
		s.want(t, "c")
		time.Sleep(time.Second) // nobody looks any more
		enter(t, q, "d").End()
	})
}

func TestAPlaceIsGivenBackOnce(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q := New(bounds())
		turn := enter(t, q, "a")
		ctx := In(t.Context(), turn)
		End(ctx)
		End(ctx)
		turn.End()
		End(t.Context())
		var none *Turn
		none.End()
		held := enter(t, q, "b")
		var s served
		s.wait(t, q, "c")
		if q.Length() != 1 {
			t.Error("two have the only place")
		}
		held.End()
		s.want(t, "c")
	})
}

// TestPlacesAreAskedForAnew: a process may be given other processors.
func TestPlacesAreAskedForAnew(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		n, o := 2, bounds()
		o.Places = func() int { return n }
		q := New(o)
		first, second := enter(t, q, "a"), enter(t, q, "a")
		n = 1
		var s served
		s.wait(t, q, "b")
		first.End()
		synctest.Wait()
		if q.Length() != 1 {
			t.Error("two are served in one place")
		}
		second.End()
		s.want(t, "b")
		n = 2
		enter(t, q, "a")
		enter(t, q, "a")
	})
}

// TestNeverMoreThanThereArePlaces has many come and go.
func TestNeverMoreThanThereArePlaces(t *testing.T) {
	t.Parallel()
	for _, listens := range []bool{false, true} {
		t.Run(fmt.Sprintf("bell %v", listens), func(t *testing.T) {
			t.Parallel()
			q := New(Options{Places: places(3), Waiting: 50, Patience: 5 * time.Millisecond, Long: time.Hour})
			if listens {
				if err := q.Listen(); err != nil {
					t.Fatal(err)
				}
				defer q.Close()
			}
			comeAndGo(t, q)
		})
	}
}

// TestClosedWhilePeopleWait: they are called all the same.
func TestClosedWhilePeopleWait(t *testing.T) {
	t.Parallel()
	q := New(bounds())
	if err := q.Listen(); err != nil {
		t.Fatal(err)
	}
	first := enter(t, q, "a")
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() {
			turn, err := q.Enter(t.Context(), "b")
			if err != nil {
				t.Error(err)
			}
			turn.End()
		})
	}
	for q.Length() < 5 {
		time.Sleep(time.Millisecond)
	}
	first.End()
	q.Close()
	q.Close()
	all.Wait()
}

// TestABellThatNobodyHears keeps nobody for longer than Long.
func TestABellThatNobodyHears(t *testing.T) {
	t.Parallel()
	o := bounds()
	o.Long = 20 * time.Millisecond
	q := New(o)
	var err error
	if q.bell, err = newBell(); err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	first := enter(t, q, "a")
	time.AfterFunc(5*time.Millisecond, first.End)
	began := time.Now()
	enter(t, q, "b").End()
	if took := time.Since(began); took > 100*o.Long {
		t.Errorf("called after %s", took)
	}
}

func comeAndGo(t *testing.T, q *Queue) {
	t.Helper()
	var (
		mu         sync.Mutex
		now, most  int
		got, ended = map[string]int{}, map[error]int{}
		all        sync.WaitGroup
	)
	for i := range 40 {
		whose := string(rune('a' + i%5))
		all.Go(func() {
			for range 50 {
				turn, err := q.Enter(t.Context(), whose)
				mu.Lock()
				if ended[err]++; err == nil {
					now++
					most = max(most, now)
					got[whose]++
				}
				mu.Unlock()
				if err == nil {
					time.Sleep(50 * time.Microsecond)
					mu.Lock()
					now--
					mu.Unlock()
					turn.End()
				}
			}
		})
	}
	all.Wait()
	if most > 3 || q.Length() != 0 || len(q.serving) != 0 || len(q.lines.of) != 0 || len(q.lines.turns) != 0 {
		t.Errorf("%d at once; left: %d wait, %d served, %d lines", most, q.Length(), len(q.serving), len(q.lines.turns))
	}
	for err, n := range ended {
		if err != nil && !slices.Contains([]error{ErrLate, ErrCrowded}, err) {
			t.Errorf("%d times: %v", n, err)
		}
	}
	if len(got) != 5 {
		t.Errorf("served: %v", got)
	}
}
