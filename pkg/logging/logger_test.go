package logging

import (
	"bufio"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestLines: every line is there unless they are sampled, is JSON, and says when in UTC.
func TestLines(t *testing.T) {
	const same = 300
	for name, tt := range map[string]struct {
		options Options
		fewest  int
		most    int
	}{
		"all":     {Options{Verbosity: 1}, same, same},
		"sampled": {Options{Verbosity: 1, Sampled: true}, 100, same - 1},
	} {
		t.Run(name, func(t *testing.T) {
			said := lines(t, tt.options, same)
			if n := said["again"]; n < tt.fewest || n > tt.most || said["asked for"] != 1 || len(said) != 2 {
				t.Errorf("said %v", said)
			}
		})
	}
}

// lines counts what is in the log of a few words, one of them said often.
func lines(t *testing.T, o Options, same int) map[string]int {
	t.Helper()
	stderr := os.Stderr
	defer func() { os.Stderr = stderr }()
	file, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	os.Stderr = file
	local := time.Local
	time.Local = time.FixedZone("elsewhere", 3600)
	defer func() { time.Local = local }()

	logger, flush, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	for range same {
		logger.Info("again")
	}
	logger.V(1).Info("asked for")
	logger.V(2).Info("not asked for")
	flush()

	if _, err := file.Seek(0, 0); err != nil {
		t.Fatal(err)
	}
	said := map[string]int{}
	for lines := bufio.NewScanner(file); lines.Scan(); {
		var line struct{ TS, Msg, Level string }
		if err := json.Unmarshal(lines.Bytes(), &line); err != nil {
			t.Fatalf("%s: %v", lines.Bytes(), err)
		}
		at, err := time.Parse(time.RFC3339Nano, line.TS)
		if _, offset := at.Zone(); err != nil || offset != 0 || time.Since(at) > time.Minute {
			t.Fatalf("%s: not a time in UTC: %v", line.TS, err)
		}
		said[line.Msg]++
	}
	return said
}
