package process

import (
	"os"
	"strings"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// tailBytes is how much of the end of a log is looked at.
const tailBytes = 16 << 10

// Tail is the last lines of a process's log, indented for a message.
func Tail(dir state.Dir, name string, lines int) string {
	file, err := os.Open(dir.Log(name))
	if err != nil {
		return "it has written no log"
	}
	defer func() { _ = file.Close() }() // only read
	if info, err := file.Stat(); err == nil && info.Size() > tailBytes {
		_, _ = file.Seek(-tailBytes, 2)
	}
	buffer := make([]byte, tailBytes)
	n, _ := file.Read(buffer)
	all := strings.Split(strings.TrimSpace(string(buffer[:n])), "\n")
	if len(all) > lines {
		all = all[len(all)-lines:]
	}
	return "the end of " + dir.Log(name) + ":\n    " + strings.Join(all, "\n    ")
}
