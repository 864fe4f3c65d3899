package serving

import (
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// asked makes this test a program that says what RelaxTimers left it with.
const asked = "GATEHOUSE_TEST_SLACK"

func TestMain(m *testing.M) {
	if os.Getenv(asked) != "" {
		RelaxTimers()
		_, _ = os.Stdout.WriteString(strconv.Itoa(os.Getpid()) + " " + slackOf().String() + " " + strings.Join(os.Args[1:], " ") + "\n")
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// TestTimersAreRelaxed: the program that is started anew is the same process with the same
// arguments, and is started anew once.
func TestTimersAreRelaxed(t *testing.T) {
	// Whoever runs the tests may have a slack already, which a child has from the thread that
	// starts it.
	runtime.LockOSThread() // for good: the thread ends with this test
	if err := unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(time.Microsecond), 0, 0, 0); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), os.Args[0], "a", "b")
	cmd.Env = append(os.Environ(), asked+"=1")
	var out strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	select {
	case err := <-done:
		if err != nil {
			t.Fatalf("%v: %s", err, out.String())
		}
	case <-time.After(30 * time.Second):
		_ = cmd.Process.Kill()
		t.Fatal("it is started anew and anew")
	}
	if want := strconv.Itoa(pid) + " 1ms a b\n"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
