package plan

import (
	"cmp"
	"slices"
)

// span is from which instruction to which a local is needed.
type span struct {
	local    int16
	from, to int
}

// place gives the locals that are left a place in the frame: parameters first, then those that may
// show that they were never written, for which a frame is cleared in each call, then the settled
// ones, which share places that are not needed at the same time.
func (a *assembler) place() {
	places := map[int16]int16{}
	for _, p := range a.fn.params {
		places[a.small(int(p))] = a.small(len(places))
	}
	var spans []span
	a.spans(func(s span) {
		if _, known := places[s.local]; known {
			return
		}
		if a.settled[s.local] {
			spans = append(spans, s)
			return
		}
		places[s.local] = a.small(len(places))
	})
	slices.SortFunc(spans, func(x, y span) int { return cmp.Or(cmp.Compare(x.from, y.from), cmp.Compare(x.local, y.local)) })
	count := len(places)
	var busy []int // until when, by place from count on
	for _, s := range spans {
		at := slices.IndexFunc(busy, func(until int) bool { return until < s.from })
		if at < 0 {
			at = len(busy)
			busy = append(busy, 0)
		}
		busy[at] = s.to
		places[s.local] = a.small(count + at)
	}
	for i := range a.fn.code {
		a.fields(&a.fn.code[i], func(o *int16, _, _ bool) {
			if *o >= 0 {
				*o = places[*o]
			}
		})
	}
	a.fn.params, a.fn.cleared, a.fn.locals = nil, int32(count), int32(count+len(busy)) // which small has seen
}

// spans shows how long each local is needed. What is written before a loop and read in it is needed
// until the loop ends.
func (a *assembler) spans(show func(span)) {
	found := map[int16]*span{}
	var order []int16
	for i := range a.fn.code {
		a.fields(&a.fn.code[i], func(o *int16, _, _ bool) {
			if *o < 0 {
				return
			}
			if found[*o] == nil {
				found[*o] = &span{local: *o, from: i}
				order = append(order, *o)
			}
			found[*o].to = i
		})
	}
	// Loops as they end, inner ones first.
	var loops []span
	for i, in := range a.fn.code {
		if in.op == opScan {
			loops = append(loops, span{from: i, to: a.fails[i].at - 1})
		}
	}
	slices.SortFunc(loops, func(x, y span) int { return cmp.Or(cmp.Compare(x.to, y.to), cmp.Compare(y.from, x.from)) })
	for _, v := range order {
		s := found[v]
		for _, loop := range loops {
			if s.from < loop.from && loop.from < s.to && s.to <= loop.to {
				s.to = loop.to
			}
		}
		show(*s)
	}
}
