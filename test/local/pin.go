package local

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strconv"
)

// Pin keeps all threads of a process, those to come too, on cores counted from 0, such as "0"
// or "0-3".
func Pin(ctx context.Context, pid int, cores string) error {
	out, err := exec.CommandContext(ctx, "taskset", "-a", "-c", "-p", cores, strconv.Itoa(pid)).CombinedOutput() //nolint:gosec // Numbers only.
	if err != nil {
		return fmt.Errorf("pin process %d to core %s: %w: %s", pid, cores, err, out)
	}
	return nil
}

// PinApart keeps servers on core 0 and this process on core 1 until undo is called. Where that
// cannot be, they share their cores, and stderr hears of it.
func PinApart(ctx context.Context, stderr io.Writer, servers ...int) (undo func()) {
	all := slices.Concat(servers, []int{os.Getpid()})
	// Go takes the cores it was left for all there are.
	cores, procs := runtime.NumCPU(), runtime.GOMAXPROCS(0)
	for i, pid := range all {
		core := "0"
		if i == len(servers) {
			core = "1"
		}
		if err := Pin(ctx, pid, core); err != nil {
			_, _ = fmt.Fprintln(stderr, "servers and generator share their cores:", err)
			break
		}
	}
	runtime.GOMAXPROCS(max(4, cores))
	return func() {
		for _, pid := range all {
			_ = Pin(context.WithoutCancel(ctx), pid, "0-"+strconv.Itoa(cores-1)) // it may have ended
		}
		runtime.GOMAXPROCS(procs)
	}
}
