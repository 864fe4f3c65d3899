package turn

import "slices"

// lines are those who wait, a line for each tenant; the lines take turns. One that was empty when
// all others had had their turn goes first: whoever asks for little is not kept by whoever asks
// for much. (That is how FQ-CoDel, RFC 8290, treats new and old flows.)
type lines struct {
	of map[string]*line
	// turns has the lines, the next one first. The first so many are new.
	turns   []*line
	fresh   int
	waiting int
}

// line is who waits on behalf of one tenant, the oldest first. An empty one is forgotten when it
// would be its turn.
type line struct {
	whose   string
	waiters []*waiter
}

// waiter is somebody who waits. Whoever holds the queue's lock may call it, once.
type waiter struct {
	line   *line
	called chan struct{}
	turn   *Turn
	err    error
}

func (w *waiter) call(t *Turn, err error) {
	w.turn, w.err = t, err
	close(w.called)
}

// length is how many wait on behalf of whose.
func (l *lines) length(whose string) int {
	if at, known := l.of[whose]; known {
		return len(at.waiters)
	}
	return 0
}

func (l *lines) join(whose string, w *waiter) {
	at, known := l.of[whose]
	if !known {
		at = &line{whose: whose}
		l.of[whose] = at
		l.turns = slices.Insert(l.turns, l.fresh, at)
		l.fresh++
	}
	w.line = at
	at.waiters = append(at.waiters, w)
	l.waiting++
}

func (l *lines) leave(w *waiter) {
	at := w.line
	i := slices.Index(at.waiters, w)
	at.waiters = slices.Delete(at.waiters, i, i+1)
	if l.waiting--; l.waiting == 0 {
		clear(l.of)
		l.turns, l.fresh = nil, 0
	}
}

// first takes the oldest out of the line whose turn it is. Somebody must be waiting.
func (l *lines) first() *waiter {
	for {
		at := l.turns[0]
		l.turns = slices.Delete(l.turns, 0, 1)
		l.fresh = max(0, l.fresh-1)
		if len(at.waiters) == 0 {
			delete(l.of, at.whose)
			continue
		}
		l.turns = append(l.turns, at)
		w := at.waiters[0]
		l.leave(w)
		return w
	}
}

// longest is the line in which most wait. It looks at all: asked only when no more may wait.
func (l *lines) longest() *line {
	return slices.MaxFunc(l.turns, func(a, b *line) int { return len(a.waiters) - len(b.waiters) })
}

// last takes the one who came last out of a line.
func (l *lines) last(of *line) *waiter {
	w := of.waiters[len(of.waiters)-1]
	l.leave(w)
	return w
}
