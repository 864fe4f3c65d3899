package build

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// servers are the programs of the main module that a cluster runs or hands out.
var servers = []string{"webhook", "provisioner", "gatehouse"}

// Gatehouse builds the main module's programs into its bin folder and returns where each
// lies. Go's own cache makes this quick when nothing has changed.
func Gatehouse(ctx context.Context, repository string, out io.Writer) (map[string]string, error) {
	bin := filepath.Join(repository, "bin")
	args := []string{"build", "-o", bin + string(filepath.Separator)}
	found := map[string]string{}
	for _, name := range servers {
		args = append(args, "./cmd/"+name)
		found[name] = filepath.Join(bin, name)
	}
	if err := os.MkdirAll(bin, 0o755); err != nil {
		return nil, fmt.Errorf("build gatehouse: %w", err)
	}
	cmd := exec.CommandContext(ctx, "go", args...)
	cmd.Dir, cmd.Env = repository, environment()
	cmd.Stdout, cmd.Stderr = out, out
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGINT) }
	cmd.WaitDelay = 10 * time.Second
	waiting := newWaiting(out, "gatehouse")
	defer waiting.stop()
	if err := cmd.Run(); err != nil {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("build of gatehouse interrupted: %w", ctx.Err())
		}
		return nil, fmt.Errorf("build gatehouse: %w", err)
	}
	return found, nil
}
