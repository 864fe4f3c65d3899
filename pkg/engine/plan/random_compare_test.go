package plan

import (
	"errors"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/open-policy-agent/opa/v1/ast"
)

// tally says what random modules came to: those that say nothing find nothing.
type tally struct {
	modules, refused, unplanned int
	// Of what is asked, so many answers are defined, not empty, errors.
	asked, defined, filled, failed int
	// Where one of the two is an error, it was so many times topdown's indexes, what topdown has no need to
	// evaluate, or topdown that broke.
	unindexed, inTheRest, broken int
	opcodes                      [opGone]int
}

// plan counts what it consists of.
func (n *tally) plan(p *Plan) {
	for _, fn := range p.funcs {
		for _, in := range fn.code {
			n.opcodes[in.op]++
		}
	}
}

func (n *tally) answer(g given) {
	n.asked++
	switch {
	case g.err != nil:
		n.failed++
	case g.value != nil:
		n.defined++
		if many, composite := size(ast.NewTerm(g.value)); !composite || many > 0 {
			n.filled++
		}
	}
}

func (n *tally) String() string {
	return fmt.Sprintf("%d modules, %d refused by OPA, %d without a plan; %d answers, of which %d are defined, %d not empty, %d errors; %d differ by topdown's indexes, %d by what it has no need to evaluate, %d where it breaks",
		n.modules, n.refused, n.unplanned, n.asked, n.defined, n.filled, n.failed, n.unindexed, n.inTheRest, n.broken)
}

// check fails where random modules no longer try what they are for.
func (n *tally) check(t *testing.T) {
	t.Helper()
	for what, holds := range map[string]bool{
		"half of the modules compile":      n.refused*2 <= n.modules,
		"nearly all have a plan":           n.unplanned*20 <= n.modules,
		"half of the answers are defined":  n.defined*2 >= n.asked,
		"a third of them is not empty":     n.filled*3 >= n.asked,
		"some are errors, and not many":    n.failed*100 >= n.asked && n.failed*5 <= n.asked,
		"indexes seldom pass over errors":  n.unindexed*20 <= n.asked,
		"topdown mostly evaluates as much": n.inTheRest*100 <= n.asked,
		"topdown nearly never breaks":      n.broken*1000 <= n.asked,
	} {
		if !holds {
			t.Errorf("no longer so: %s", what)
		}
	}
	for op, times := range n.opcodes {
		if times == 0 {
			t.Errorf("no plan has an instruction %d", op)
		}
	}
}

// randomModules are tried when nobody asks for another number of them, enoughDifferences are reported.
var randomModules = 150

const enoughDifferences = 3

// someTrials says how many trials there are, of one seed after the other. GATEHOUSE_ROUNDS asks for so many
// that nobody has tried, GATEHOUSE_SEED for one that failed.
func someTrials() (rounds int, seed uint64) {
	if n, err := strconv.ParseUint(os.Getenv("GATEHOUSE_SEED"), 10, 64); err == nil {
		return 1, n
	}
	if n, err := strconv.Atoi(os.Getenv("GATEHOUSE_ROUNDS")); err == nil {
		return n, uint64(time.Now().UnixNano())
	}
	return randomModules, 20261127
}

// TestRandomModules has topdown and plans answer the same random questions.
func TestRandomModules(t *testing.T) {
	t.Parallel()
	n := &tally{}
	rounds, seed := someTrials()
	said, differences := time.Now(), 0
	for i := range rounds {
		x := newTrial(seed + uint64(i))
		n.modules++
		err := x.compare(t.Context(), n)
		switch {
		case errors.Is(err, errRefused):
			n.refused++
		case errors.Is(err, ErrUnplanned):
			n.unplanned++
			t.Logf("seed %d: %v", x.seed, err)
		case isDifference(err):
			small, err := x.reduced(t.Context(), err)
			t.Errorf("%v\n%v\nagain: GATEHOUSE_SEED=%d go test ./pkg/engine/plan -run %s", err, small, x.seed, t.Name())
			if differences++; differences == enoughDifferences {
				t.FailNow()
			}
		case err != nil:
			t.Fatalf("seed %d: %v\n%v", x.seed, err, x)
		}
		if time.Since(said) > 10*time.Second {
			t.Logf("%d of %d modules", n.modules, rounds)
			said = time.Now()
		}
	}
	t.Log(n)
	if rounds >= 40 {
		n.check(t)
	}
}
