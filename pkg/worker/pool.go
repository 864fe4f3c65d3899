// Package worker runs functions on goroutines that are used again.
//
// A new goroutine has a small stack, and what is deep, as an evaluation of policies is, has it
// grow and be copied several times: of a small review a tenth. One that was used has it grown.
package worker

// Pool keeps some goroutines that have nothing to do. Create it with New; it is safe for
// concurrent use.
type Pool struct {
	idle chan chan func()
}

// New makes a pool that keeps at most so many goroutines for later. They live as long as the
// process.
func New(keep int) *Pool {
	return &Pool{idle: make(chan chan func(), keep)}
}

// Go runs f beside its caller, as the statement go does: it never waits, whatever the others do,
// and what f panics with nobody recovers.
func (p *Pool) Go(f func()) {
	select {
	case jobs := <-p.idle:
		jobs <- f
	default:
		go p.work(f)
	}
}

func (p *Pool) work(f func()) {
	growStack()
	jobs := make(chan func(), 1)
	for {
		f()
		select {
		case p.idle <- jobs:
			f = <-jobs
		default:
			return
		}
	}
}

// growStack makes room at once for deep recursion: growing in steps copies all frames each time.
//
//go:noinline
func growStack() {
	var room [48 << 10]byte
	use(&room)
}

//go:noinline
func use(*[48 << 10]byte) {}
