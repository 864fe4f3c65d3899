package failures

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"time"
)

// mostLines is how many lines of one log are printed, the last ones, each at most as long as a
// message.
const mostLines = 20

// Logs writes what Gatehouse's own processes complained of since a time: the lines of
// provisioner-*.log and webhook-*.log in a folder that are warnings or worse. It is for a spec
// that failed, whose cluster is gone when somebody reads of it. A log that cannot be read is
// named, and that there is nothing is said.
func Logs(w io.Writer, folder string, since time.Time) {
	said := false
	for _, pattern := range []string{"provisioner-*.log", "webhook-*.log"} {
		// The pattern is ours and not wrong.
		files, _ := filepath.Glob(filepath.Join(folder, pattern))
		slices.Sort(files)
		for _, file := range files {
			lines, err := complaints(file, since)
			if err != nil {
				lines = append(lines, err.Error())
			}
			said = said || len(lines) > 0
			for _, line := range lines[max(0, len(lines)-mostLines):] {
				_, _ = fmt.Fprintf(w, "  %s: %s\n", filepath.Base(file), line)
			}
		}
	}
	if !said {
		_, _ = fmt.Fprintln(w, "  nothing")
	}
}

func complaints(file string, since time.Time) (found []string, err error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 4<<20)
	for lines.Scan() {
		var line struct {
			Level string
			TS    time.Time
		}
		if json.Unmarshal(lines.Bytes(), &line) != nil {
			line.Level, line.TS = "error", since // a panic's lines are no JSON
		}
		if line.Level == "info" || line.Level == "debug" || line.TS.Before(since) {
			continue
		}
		text := lines.Text()
		found = append(found, text[:min(len(text), most)])
	}
	return found, lines.Err()
}
