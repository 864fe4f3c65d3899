package floor

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
)

// Process is the floor as a process of its own.
type Process struct {
	Address
	PID int
	// Stop ends it.
	Stop func()
}

// Start runs this program as the floor, or as another webhook that it is for a verb.
func Start(ctx context.Context, verb string) (*Process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, fmt.Errorf("find this program: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, self, verb) //nolint:gosec // This very program.
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return nil, fmt.Errorf("start the %s: %w", verb, err)
	}
	f := &Process{PID: cmd.Process.Pid, Stop: func() { cancel(); _ = cmd.Wait() }}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &f.Address)
	}
	if err != nil {
		f.Stop()
		return nil, fmt.Errorf("address of the %s: %w", verb, err)
	}
	return f, nil
}
