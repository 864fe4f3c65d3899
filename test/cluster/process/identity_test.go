package process

import (
	"os"
	"strconv"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

func TestStartOfStat(t *testing.T) {
	tail := strings.Repeat(" 1", 18) + " 4711 9 9"
	tests := map[string]struct {
		stat, want string
	}{
		"plain":              {"12 (etcd) S" + tail, "4711"},
		"spaces in name":     {"12 (a b c) S" + tail, "4711"},
		"parentheses":        {"12 (a) S 7 (x)) R" + tail, "4711"},
		"zombie":             {"12 (etcd) Z" + tail, ""},
		"no name":            {"12 etcd S" + tail, ""},
		"too few fields":     {"12 (etcd) S 1 2 3", ""},
		"empty":              {"", ""},
		"nothing after name": {"12 (etcd)", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got, err := startOfStat(test.stat)
			if got != test.want || (err == nil) != (test.want != "") {
				t.Fatalf("got %q, %v, want %q", got, err, test.want)
			}
		})
	}
}

// A pid that was given to somebody else must never be killed.
func TestRecordedProvesIdentity(t *testing.T) {
	dir := state.Dir(t.TempDir())
	if err := os.Mkdir(dir.Path("pids"), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := record(dir, "self", os.Getpid()); err != nil {
		t.Fatal(err)
	}
	if got := Recorded(dir, "self"); got != os.Getpid() {
		t.Fatalf("got pid %d, want our own %d", got, os.Getpid())
	}
	tests := map[string]struct{ pid, started string }{
		"another start":    {strconv.Itoa(os.Getpid()), "1"},
		"not running":      {"999999999", "1"},
		"rubbish":          {"nobody", "1"},
		"everybody (-1)":   {"-1", "1"},
		"init":             {"1", "1"},
		"our group (zero)": {"0", "1"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if err := os.WriteFile(pidFile(dir, "x"), []byte(test.pid+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(startedFile(dir, "x"), []byte(test.started+"\n"), 0o644); err != nil {
				t.Fatal(err)
			}
			if got := Recorded(dir, "x"); got != 0 {
				t.Fatalf("pid %d passes for ours", got)
			}
		})
	}
}
