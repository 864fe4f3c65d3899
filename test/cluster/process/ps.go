package process

import (
	"fmt"
	"os/exec"
	"strconv"
	"strings"
)

// ps asks the system for one field of a process, where there is no /proc. The error says
// that there is no such process.
func ps(pid int, field string) (string, error) {
	//nolint:noctx // It does not wait, and a context that ended would pass for a process that ended.
	value, err := exec.Command("ps", "-o", field+"=", "-p", strconv.Itoa(pid)).Output()
	if err != nil {
		return "", fmt.Errorf("process %d is not there", pid)
	}
	return strings.TrimSpace(string(value)), nil
}
