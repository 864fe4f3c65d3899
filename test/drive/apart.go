package drive

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// Verb is the one argument by which a program becomes a sender: it then calls Errand.
const Verb = "sender"

// errand is what a sender is asked for.
type errand struct {
	Load Load
	// Rate is how many reviews a second are due.
	Rate float64
}

// Apart is Open in a process of its own, which this program becomes for Verb. Whoever shares a
// process with a flood waits for the flood's goroutines to send theirs and to read their own answer
// before he sees his: his latency would tell how busy the generator is. A process that mostly
// sleeps gets its core when it wakes.
func Apart(ctx context.Context, l Load, rate float64) (Result, error) {
	self, err := os.Executable()
	if err != nil {
		return Result{}, fmt.Errorf("find this program: %w", err)
	}
	asked, err := json.Marshal(errand{l, rate})
	if err != nil {
		return Result{}, fmt.Errorf("a sender's errand: %w", err)
	}
	cmd := exec.CommandContext(ctx, self, Verb) //nolint:gosec // This very program.
	cmd.Stdin, cmd.Stderr = bytes.NewReader(asked), os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	told, err := cmd.Output()
	var r Result
	if err == nil {
		err = json.Unmarshal(told, &r)
	}
	if err != nil {
		return Result{}, fmt.Errorf("a sender of its own: %w", errors.Join(err, ctx.Err()))
	}
	return r, nil
}

// Errand does what Apart asks for: it reads it from in and writes the result to out.
func Errand(ctx context.Context, in io.Reader, out io.Writer) error {
	var asked errand
	if err := json.NewDecoder(in).Decode(&asked); err != nil {
		return fmt.Errorf("read the errand: %w", err)
	}
	if err := json.NewEncoder(out).Encode(Open(ctx, asked.Load, asked.Rate)); err != nil {
		return fmt.Errorf("write the result: %w", err)
	}
	return nil
}
