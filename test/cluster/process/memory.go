package process

import (
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
)

// Memory is the resident memory of a process in bytes, 0 when it cannot be told.
func Memory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return memoryByPS(pid)
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			return kibibytes(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		}
	}
	return 0
}

func memoryByPS(pid int) int64 {
	size, err := exec.Command("ps", "-o", "rss=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return 0
	}
	return kibibytes(string(size))
}

func kibibytes(text string) int64 {
	size, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return size * 1024
}
