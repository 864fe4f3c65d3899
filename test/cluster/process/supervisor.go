package process

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"slices"
	"sync"
	"syscall"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// grace is how long a process may take to end before it is killed.
const grace = 8 * time.Second

// Supervisor owns the processes of one cluster. It never restarts one by itself.
type Supervisor struct {
	dir   state.Dir
	mu    sync.Mutex
	order []string
	tasks map[string]*task
}

type task struct {
	spec    Spec
	pid     int
	started time.Time
	exit    string
	done    chan struct{} // closed when the running process has been reaped
}

// NewSupervisor makes a supervisor without processes.
func NewSupervisor(dir state.Dir) *Supervisor {
	return &Supervisor{dir: dir, tasks: map[string]*task{}}
}

// Start runs a process; a name that runs already is an error.
func (s *Supervisor) Start(spec Spec) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, found := s.tasks[spec.Name]
	if found && known.pid != 0 {
		return fmt.Errorf("process %s runs already, pid %d", spec.Name, known.pid)
	}
	if !found {
		known = &task{}
		s.tasks[spec.Name] = known
		s.order = append(s.order, spec.Name)
	}
	known.spec = spec
	return s.run(known)
}

// Restart runs a process again that has ended, as it was started before.
func (s *Supervisor) Restart(name string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	known, found := s.tasks[name]
	if !found {
		return fmt.Errorf("no process %s", name)
	}
	if known.pid != 0 {
		return fmt.Errorf("process %s runs already, pid %d", name, known.pid)
	}
	return s.run(known)
}

func (s *Supervisor) run(t *task) error {
	log, err := os.OpenFile(s.dir.Log(t.spec.Name), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("start %s: %w", t.spec.Name, err)
	}
	defer func() { _ = log.Close() }() // the process has its own copy

	cmd := exec.Command(t.spec.Path, t.spec.Args...) //nolint:noctx // It ends by Stop, not with whoever asked for it.
	cmd.Dir = string(s.dir)
	cmd.Env = append(os.Environ(), t.spec.Env...)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		t.exit = err.Error()
		return fmt.Errorf("start %s: %w", t.spec.Name, err)
	}
	t.pid, t.started, t.exit = cmd.Process.Pid, time.Now(), ""
	t.done = make(chan struct{})
	if err := record(s.dir, t.spec.Name, t.pid); err != nil {
		// A process that ended at once has nothing to record; the reaper tells why.
		forget(s.dir, t.spec.Name)
	}
	go s.reap(t, cmd, t.done)
	return nil
}

func (s *Supervisor) reap(t *task, cmd *exec.Cmd, done chan struct{}) {
	err := cmd.Wait()
	// Children of the process must not outlive it and hold its port.
	signalGroup(cmd.Process.Pid, syscall.SIGKILL)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.pid, t.exit = 0, "exit status 0"
	if err != nil {
		t.exit = err.Error()
	}
	forget(s.dir, t.spec.Name)
	close(done)
}

// Stop ends a process with a signal and waits until it has gone; one that does not go
// within the grace period is killed.
func (s *Supervisor) Stop(ctx context.Context, name string, signal syscall.Signal) error {
	s.mu.Lock()
	t, found := s.tasks[name]
	if !found {
		s.mu.Unlock()
		return fmt.Errorf("no process %s", name)
	}
	pid, done := t.pid, t.done
	s.mu.Unlock()
	if pid == 0 {
		return nil
	}
	signalGroup(pid, signal)
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-time.After(grace):
	}
	signalGroup(pid, syscall.SIGKILL)
	select {
	case <-done:
		return nil
	case <-time.After(grace):
		return fmt.Errorf("process %s, pid %d, does not end", name, pid)
	}
}

// StopAll ends everything, the highest layer first; within a layer all are asked at once.
func (s *Supervisor) StopAll(ctx context.Context) error {
	layers := map[int][]string{}
	for _, status := range s.Status() {
		layers[status.Spec.Layer] = append(layers[status.Spec.Layer], status.Spec.Name)
	}
	var failures []error
	for _, layer := range slices.Backward(slices.Sorted(maps.Keys(layers))) {
		failures = append(failures, s.stopTogether(ctx, layers[layer]))
	}
	return errors.Join(failures...)
}

func (s *Supervisor) stopTogether(ctx context.Context, names []string) error {
	failures := make([]error, len(names))
	var group sync.WaitGroup
	for i, name := range names {
		group.Go(func() { failures[i] = s.Stop(ctx, name, syscall.SIGTERM) })
	}
	group.Wait()
	return errors.Join(failures...)
}

// Status lists the processes in the order in which they were first started.
func (s *Supervisor) Status() []Status {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Status, 0, len(s.order))
	for _, name := range s.order {
		t := s.tasks[name]
		all = append(all, Status{Spec: t.spec, PID: t.pid, Started: t.started, Exit: t.exit})
	}
	return all
}
