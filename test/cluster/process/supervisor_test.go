package process

import (
	"context"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

func newDir(t *testing.T) state.Dir {
	t.Helper()
	dir := state.Dir(t.TempDir())
	for _, name := range []string{"pids", "logs"} {
		if err := os.Mkdir(dir.Path(name), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func shell(name, script string) Spec {
	return Spec{Name: name, Path: "/bin/sh", Args: []string{"-c", script}}
}

// eventually waits for what a process does by itself.
func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 500 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("not within 5s: %s", what)
}

func only(t *testing.T, s *Supervisor) Status {
	t.Helper()
	all := s.Status()
	if len(all) != 1 {
		t.Fatalf("%d processes, want 1", len(all))
	}
	return all[0]
}

func TestStopAndRestart(t *testing.T) {
	dir := newDir(t)
	s := NewSupervisor(dir)
	if err := s.Start(shell("sleeper", "sleep 60")); err != nil {
		t.Fatal(err)
	}
	first := only(t, s).PID
	if got := Recorded(dir, "sleeper"); got != first {
		t.Fatalf("pid file says %d, want %d", got, first)
	}
	if err := s.Start(shell("sleeper", "true")); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Fatalf("got %v, want a refusal", err)
	}
	if err := s.Stop(context.Background(), "sleeper", syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if status := only(t, s); status.Running() || !strings.Contains(status.Exit, "terminated") {
		t.Fatalf("after stop: %+v", status)
	}
	if Recorded(dir, "sleeper") != 0 {
		t.Fatal("the pid file outlives the process")
	}
	if err := s.Restart("sleeper"); err != nil {
		t.Fatal(err)
	}
	if again := only(t, s).PID; again == 0 || again == first {
		t.Fatalf("restarted as pid %d", again)
	}
	if err := s.StopAll(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// Tests kill processes on purpose: the supervisor must not fight them.
func TestKilledStaysDead(t *testing.T) {
	s := NewSupervisor(newDir(t))
	if err := s.Start(shell("victim", "sleep 60")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Kill(only(t, s).PID, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the supervisor sees the end", func() bool { return !only(t, s).Running() })
	time.Sleep(100 * time.Millisecond)
	if status := only(t, s); status.Running() || status.Exit != "signal: killed" {
		t.Fatalf("after the kill: %+v", status)
	}
}

func TestChildrenGoToo(t *testing.T) {
	dir := newDir(t)
	s := NewSupervisor(dir)
	if err := s.Start(shell("parent", "sleep 60 & echo $!; wait")); err != nil {
		t.Fatal(err)
	}
	var child string
	eventually(t, "the child's pid is in the log", func() bool {
		text, _ := os.ReadFile(dir.Log("parent"))
		child = strings.TrimSpace(string(text))
		return child != ""
	})
	if err := s.Stop(context.Background(), "parent", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the child has gone", func() bool {
		stat, err := os.ReadFile("/proc/" + child + "/stat")
		if err != nil {
			return true
		}
		_, err = startOfStat(string(stat))
		return err != nil
	})
}

func TestUnknownAndMissing(t *testing.T) {
	s := NewSupervisor(newDir(t))
	if err := s.Stop(context.Background(), "ghost", syscall.SIGTERM); err == nil {
		t.Fatal("an unknown process was stopped")
	}
	if err := s.Restart("ghost"); err == nil {
		t.Fatal("an unknown process was started")
	}
	err := s.Start(Spec{Name: "missing", Path: "/does/not/exist"})
	if err == nil || !strings.Contains(err.Error(), "start missing") {
		t.Fatalf("got %v, want the process's name", err)
	}
}
