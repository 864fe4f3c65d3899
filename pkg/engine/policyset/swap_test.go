package policyset_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// TestSwap swaps a set of two rules a hundred times under load: both rules always say
// the same word, so that whoever saw half of a set would be found.
func TestSwap(t *testing.T) {
	ctx, set := context.Background(), newSet(t)
	apply := func(n int) {
		word := fmt.Sprintf("version %d", n)
		if err := set.Apply(ctx, []*v1alpha1.Policy{
			policy("acme.one", int64(n), rego("acme.one", word, "true")),
			policy("acme.two", int64(n), rego("acme.two", word, "true")),
		}); err != nil {
			t.Error(err)
		}
	}
	apply(0)
	words := sync.Map{} // digest to word
	var decisions atomic.Int64
	done := make(chan struct{})
	var group sync.WaitGroup
	for range 4 {
		group.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				program := set.Program()
				d := denials(t, program, "any", nil)
				if len(d) != 2 || strings.TrimPrefix(d[0], "acme/one: ") != strings.TrimPrefix(d[1], "acme/two: ") {
					t.Errorf("half a set: %q", d)
					return
				}
				if word, known := words.LoadOrStore(program.Digest(), d[0]); known && word != d[0] {
					t.Errorf("digest %s said %q and %q", program.Digest(), word, d[0])
				}
				decisions.Add(1)
			}
		})
	}
	for n := 1; n <= 100; n++ {
		apply(n)
	}
	close(done)
	group.Wait()
	t.Logf("%d decisions during 100 swaps", decisions.Load())
	if decisions.Load() < 100 {
		t.Error("too few to say anything")
	}
	if asked := set.Asked()["acme/one"]; int64(asked) < decisions.Load() {
		t.Errorf("%d decisions, %d counted", decisions.Load(), asked)
	}
}
