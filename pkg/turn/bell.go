package turn

import (
	"fmt"
	"os"
	"time"
)

// bell wakes whoever calls the next ones, by way of the kernel, once in unseen.
//
// Go's scheduler looks for connections on which something has come only when no goroutine
// can run, and otherwise each 10 ms. While each who ends wakes the next one directly there always
// is one, so that those who come wait 10 ms before they are even read. Who is woken by the same
// means as they are stands behind those who came before.
type bell struct {
	in, out *os.File
	rung    bool
	// since is when it was rung, or somebody was last called in its place.
	since time.Time
}

func newBell() (*bell, error) {
	out, in, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("a pipe to wake who waits: %w", err)
	}
	return &bell{in: in, out: out}, nil
}

// ring wakes the listener once. Whoever holds the queue's lock may.
func (b *bell) ring() {
	if !b.rung {
		_, err := b.in.Write([]byte{0})
		b.rung, b.since = err == nil, time.Now()
	}
}

// unheard says once in unseen that it was rung and not heard for as long.
func (b *bell) unheard(now time.Time) bool {
	if b == nil || !b.rung || now.Sub(b.since) < unseen {
		return false
	}
	b.since = now
	return true
}

// Listen calls those who wait by way of a bell, until Close.
func (q *Queue) Listen() error {
	b, err := newBell()
	if err != nil {
		return err
	}
	q.mu.Lock()
	q.bell = b
	q.mu.Unlock()
	go func() {
		one := make([]byte, 1)
		for {
			if _, err := b.out.Read(one); err != nil {
				return
			}
			q.mu.Lock()
			b.rung = false
			q.looked = time.Now()
			q.next()
			q.mu.Unlock()
		}
	}()
	return nil
}

// Close ends Listen; those who wait are called directly again.
func (q *Queue) Close() {
	q.mu.Lock()
	b := q.bell
	q.bell = nil
	q.next()
	q.mu.Unlock()
	if b != nil {
		_ = b.in.Close() // its listener reads the end
		_ = b.out.Close()
	}
}

// handOver has the next ones called. Its caller holds the lock.
func (q *Queue) handOver(now time.Time) {
	switch {
	case q.lines.waiting == 0:
	case q.bell == nil || now.Sub(q.looked) < unseen:
		q.next()
	default:
		q.bell.ring()
	}
}
