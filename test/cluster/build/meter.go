package build

import (
	"fmt"
	"io"
	"sync"
	"time"
)

// progressEvery is how often a build says how far it is.
const progressEvery = 5 * time.Second

// unknown is the total of a build whose packages nobody counted.
const unknown = -1

// meter prints the progress of a build every few seconds.
type meter struct {
	out     io.Writer
	name    string
	started time.Time
	quit    chan struct{}
	ended   sync.WaitGroup

	mu    sync.Mutex
	total int
	done  int
	last  string
}

func newMeter(out io.Writer, name string) *meter {
	m := &meter{out: out, name: name, total: unknown, started: time.Now(), quit: make(chan struct{})}
	m.ended.Go(func() {
		ticker := time.NewTicker(progressEvery)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				fmt.Fprintln(m.out, m.line(time.Since(m.started)))
			case <-m.quit:
				return
			}
		}
	})
	return m
}

// stop returns when nothing more will be printed.
func (m *meter) stop() {
	close(m.quit)
	m.ended.Wait()
}

func (m *meter) compiled(name string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done++
	m.last = name
}

// left says how many packages are still to be compiled, as somebody counted who began with
// the build and took a while: what was compiled meanwhile may be in it or not.
func (m *meter) left(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.total = max(n, m.done)
}

func (m *meter) note(text string) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.last = text
}

// line is how far the build is after some time.
func (m *meter) line(elapsed time.Duration) string {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.total == unknown {
		return fmt.Sprintf("%s: %d packages compiled, %s, %s", m.name, m.done, elapsed.Round(time.Second), m.last)
	}
	doing := "compiling " + m.last
	if m.done >= m.total {
		doing = "linking"
	}
	return fmt.Sprintf("%s: %d of %d packages, %s, %s", m.name, min(m.done, m.total), m.total, elapsed.Round(time.Second), doing)
}
