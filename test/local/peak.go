package local

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// ForgetPeak has the kernel begin anew to remember the most memory that a process held.
func ForgetPeak(pid int) error {
	if err := os.WriteFile(fmt.Sprintf("/proc/%d/clear_refs", pid), []byte("5"), 0); err != nil {
		return fmt.Errorf("peak of process %d: %w", pid, err)
	}
	return nil
}

// Peak is the most memory that a process held at once, in bytes.
func Peak(pid int) (uint64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, fmt.Errorf("peak of process %d: %w", pid, err)
	}
	_, after, _ := strings.Cut(string(status), "VmHWM:")
	line, _, _ := strings.Cut(after, "\n")
	kilobytes, err := strconv.ParseUint(strings.TrimSuffix(strings.TrimSpace(line), " kB"), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("peak of process %d: %q: %w", pid, line, err)
	}
	return kilobytes << 10, nil
}
