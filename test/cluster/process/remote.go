package process

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// ErrDown says that no supervisor runs for a folder.
var ErrDown = errors.New("the cluster is not up")

// Remote talks to the supervisor of a cluster.
type Remote struct {
	dir     state.Dir
	address address
}

// Connect finds the supervisor that runs for a folder, or returns ErrDown.
func Connect(dir state.Dir) (*Remote, error) {
	if Recorded(dir, supervisorName) == 0 {
		return nil, ErrDown
	}
	text, err := os.ReadFile(dir.Control())
	if err != nil {
		return nil, ErrDown
	}
	remote := &Remote{dir: dir}
	if err := json.Unmarshal(text, &remote.address); err != nil {
		return nil, fmt.Errorf("read %s: %w", dir.Control(), err)
	}
	return remote, nil
}

// Launch starts a supervisor in the background, detached from this terminal, by running
// program with args, and connects to it.
func Launch(ctx context.Context, dir state.Dir, program string, args ...string) (*Remote, error) {
	log, err := os.OpenFile(dir.Log(supervisorName), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	defer func() { _ = log.Close() }() // the supervisor has its own copy

	// It outlives us.
	cmd := exec.CommandContext(context.WithoutCancel(ctx), program, args...)
	cmd.Dir = string(dir)
	cmd.Stdout, cmd.Stderr = log, log
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the supervisor: %w", err)
	}
	ended := make(chan struct{})
	go func() {
		_ = cmd.Wait() // ProcessState has it
		close(ended)
	}()
	for {
		if remote, err := Connect(dir); err == nil {
			return remote, nil
		}
		select {
		case <-ended:
			return nil, fmt.Errorf("the supervisor ended: %s; %s", cmd.ProcessState, Tail(dir, supervisorName, 5))
		case <-ctx.Done():
			_ = cmd.Process.Kill()
			return nil, ctx.Err()
		case <-time.After(20 * time.Millisecond):
		}
	}
}

// Start runs a process under the supervisor.
func (r *Remote) Start(ctx context.Context, spec Spec) error {
	body, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	_, err = r.call(ctx, http.MethodPost, "/processes", body)
	return err
}

// Restart runs a process again that has ended.
func (r *Remote) Restart(ctx context.Context, name string) error {
	_, err := r.call(ctx, http.MethodPost, "/processes/"+name+"/start", nil)
	return err
}

// Stop ends a process and returns when it has gone.
func (r *Remote) Stop(ctx context.Context, name string, signal syscall.Signal) error {
	_, err := r.call(ctx, http.MethodPost, fmt.Sprintf("/processes/%s/stop?signal=%d", name, int(signal)), nil)
	return err
}

// Status lists the processes.
func (r *Remote) Status(ctx context.Context) ([]Status, error) {
	text, err := r.call(ctx, http.MethodGet, "/processes", nil)
	if err != nil {
		return nil, err
	}
	var all []Status
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, fmt.Errorf("read the supervisor's answer: %w", err)
	}
	return all, nil
}

// Shutdown asks the supervisor to end everything and itself.
func (r *Remote) Shutdown(ctx context.Context) error {
	_, err := r.call(ctx, http.MethodPost, "/shutdown", nil)
	return err
}

func (r *Remote) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	request, err := http.NewRequestWithContext(ctx, method, r.address.URL+path, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Bearer "+r.address.Token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("ask the supervisor: %w", err)
	}
	defer func() { _ = response.Body.Close() }() // only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("ask the supervisor: %w", err)
	}
	if response.StatusCode/100 != 2 {
		return nil, errors.New(strings.TrimSpace(string(text)))
	}
	return text, nil
}
