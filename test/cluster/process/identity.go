package process

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// A pid file alone is no proof: the number may have been given to somebody else since.
// Beside pids/<name>.pid lies pids/<name>.started, the moment at which that process
// started as the system counts it; both must fit before anybody is killed.

func record(dir state.Dir, name string, pid int) error {
	started, err := startedAt(pid)
	if err != nil {
		return err
	}
	if err := os.WriteFile(startedFile(dir, name), []byte(started+"\n"), 0o644); err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	if err := os.WriteFile(pidFile(dir, name), []byte(strconv.Itoa(pid)+"\n"), 0o644); err != nil {
		return fmt.Errorf("record %s: %w", name, err)
	}
	return nil
}

// forget drops the record of a process that has ended. A file that stays does no harm:
// no process fits it any more.
func forget(dir state.Dir, name string) {
	_ = os.Remove(pidFile(dir, name))
	_ = os.Remove(startedFile(dir, name))
}

// Recorded is the pid of a process that still is the one whose pid was recorded, 0 if
// there is none.
func Recorded(dir state.Dir, name string) int {
	text, err := os.ReadFile(pidFile(dir, name))
	if err != nil {
		return 0
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil || pid <= 1 {
		return 0
	}
	want, err := os.ReadFile(startedFile(dir, name))
	if err != nil {
		return 0
	}
	if started, err := startedAt(pid); err != nil || started != strings.TrimSpace(string(want)) {
		return 0
	}
	return pid
}

// Names are the processes with a pid file.
func Names(dir state.Dir) []string {
	paths, _ := filepath.Glob(dir.Path("pids", "*.pid"))
	names := make([]string, 0, len(paths))
	for _, path := range paths {
		names = append(names, strings.TrimSuffix(filepath.Base(path), ".pid"))
	}
	return names
}

// signalGroup reaches a process and what it has started: each leads a group.
func signalGroup(pid int, signal syscall.Signal) { _ = syscall.Kill(-pid, signal) }

func pidFile(dir state.Dir, name string) string     { return dir.Path("pids", name+".pid") }
func startedFile(dir state.Dir, name string) string { return dir.Path("pids", name+".started") }

// startedAt is the start of a process, in whatever form the system gives.
func startedAt(pid int) (string, error) {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err == nil {
		return startOfStat(string(stat))
	}
	if _, procErr := os.Stat("/proc/self/stat"); procErr == nil {
		return "", fmt.Errorf("process %d is not there", pid)
	}
	return ps(pid, "lstart")
}

// startOfStat reads field 22 of /proc/<pid>/stat. The second field is the program's name
// in parentheses and may hold anything, so fields count from the last parenthesis. A
// zombie has gone for our purposes.
func startOfStat(stat string) (string, error) {
	end := strings.LastIndexByte(stat, ')')
	if end < 0 {
		return "", fmt.Errorf("unreadable process state")
	}
	fields := strings.Fields(stat[end+1:])
	if len(fields) < 20 {
		return "", fmt.Errorf("unreadable process state")
	}
	if fields[0] == "Z" || fields[0] == "X" {
		return "", fmt.Errorf("the process has ended")
	}
	return fields[19], nil
}
