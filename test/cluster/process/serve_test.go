package process

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"syscall"
	"testing"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// supervised runs a supervisor in this process and returns when it answers.
func supervised(t *testing.T) (*Remote, state.Dir, chan error) {
	t.Helper()
	dir := newDir(t)
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	ended := make(chan error, 1)
	go func() { ended <- Serve(ctx, dir) }()
	var remote *Remote
	eventually(t, "the supervisor answers", func() bool {
		var err error
		remote, err = Connect(dir)
		return err == nil
	})
	return remote, dir, ended
}

func TestRemote(t *testing.T) {
	remote, dir, ended := supervised(t)
	ctx := context.Background()
	if err := remote.Start(ctx, shell("sleeper", "sleep 60")); err != nil {
		t.Fatal(err)
	}
	if err := remote.Start(ctx, shell("sleeper", "sleep 60")); err == nil || !strings.Contains(err.Error(), "runs already") {
		t.Fatalf("got %v, want a refusal", err)
	}
	reports, err := remote.Reports(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if len(reports) != 2 || reports[0].Process != supervisorName || !reports[1].Ready || reports[1].RSS == 0 {
		t.Fatalf("running process is reported as %+v", reports)
	}
	if err := remote.Stop(ctx, "sleeper", syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	reports, err = remote.Reports(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if reports[1].Ready || !strings.Contains(reports[1].Message, "killed") {
		t.Fatalf("killed process is reported as %+v", reports[1])
	}
	if err := remote.Restart(ctx, "sleeper"); err != nil {
		t.Fatal(err)
	}
	pid := Recorded(dir, "sleeper")
	if err := remote.Shutdown(ctx); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if _, err := startedAt(pid); err == nil {
		t.Fatal("a process outlives the supervisor")
	}
	if _, err := Connect(dir); !errors.Is(err, ErrDown) {
		t.Fatalf("got %v, want ErrDown", err)
	}
}

func TestStrangersAreRefused(t *testing.T) {
	remote, dir, _ := supervised(t)
	response, err := http.Post(remote.address.URL+"/shutdown", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if response.StatusCode != http.StatusForbidden {
		t.Fatalf("without the token: %s", response.Status)
	}
	info, err := os.Stat(dir.Control())
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Fatalf("the token's file is %s", info.Mode())
	}
}
