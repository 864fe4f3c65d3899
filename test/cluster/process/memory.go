package process

import (
	"fmt"
	"os"
	"strconv"
	"strings"
)

// Memory is the resident memory of a process in bytes, 0 when it cannot be told.
func Memory(pid int) int64 {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		size, err := ps(pid, "rss")
		if err != nil {
			return 0
		}
		return kibibytes(size)
	}
	for line := range strings.SplitSeq(string(status), "\n") {
		if value, found := strings.CutPrefix(line, "VmRSS:"); found {
			return kibibytes(strings.TrimSuffix(strings.TrimSpace(value), " kB"))
		}
	}
	return 0
}

func kibibytes(text string) int64 {
	size, err := strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	if err != nil {
		return 0
	}
	return size * 1024
}
