package plan

import (
	"hash/maphash"
	"strings"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/ir"
)

const (
	// lastingText is how long a text is, in bytes, whose answer is remembered beyond an evaluation.
	lastingText = 512
	// lastingAnswers is how many are remembered of a function. A text that comes later takes the
	// place of an earlier one, so whoever sends many takes time from others and no memory.
	lastingAnswers = 256
)

// lasting are the answers of a function that depends on one text and nothing else, and matches
// expressions: a cluster runs few images many times.
type lasting struct {
	answers [lastingAnswers]atomic.Pointer[lastingAnswer]
}

type lastingAnswer struct {
	text string
	// value is nil where the function is undefined.
	value *ast.Term
}

var seed = maphash.MakeSeed()

func (l *lasting) of(text string) *atomic.Pointer[lastingAnswer] {
	return &l.answers[maphash.String(seed, text)%lastingAnswers]
}

// lastingly gives what a function answered to a text, whoever asked.
func (m *machine) lastingly(fn *function, args []*ast.Term) *ast.Term {
	text, ok := args[2].Value.(ast.String)
	if !ok || len(text) > lastingText {
		return m.evaluate(fn, args)
	}
	answer := fn.lasting.of(string(text))
	if known := answer.Load(); known != nil && known.text == string(text) {
		return known.value
	}
	// What is kept must not hold on to the review that the text is a part of.
	own := strings.Clone(string(text))
	value := m.evaluate(fn, []*ast.Term{args[0], args[1], ast.StringTerm(own)})
	if m.err == nil {
		shared(value)
		answer.Store(&lastingAnswer{own, value})
	}
	return value
}

// matching finds the functions that match expressions, or call one that does.
func (l *linker) matching() map[string]bool {
	found := map[string]bool{}
	for again := true; again; {
		again = false
		for _, f := range l.policy.Funcs.Funcs {
			if !found[f.Name] && matches(f.Blocks, found) {
				found[f.Name], again = true, true
			}
		}
	}
	return found
}

func matches(in any, found map[string]bool) bool {
	return anywhere(in, func(x any) (yes, over bool) {
		call, isCall := x.(*ir.CallStmt)
		return isCall && (found[call.Func] || call.Func == ast.RegexMatch.Name), isCall
	})
}
