package failures

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestLogs(t *testing.T) {
	t.Parallel()
	folder, since := t.TempDir(), time.Date(2026, 11, 28, 19, 36, 29, 0, time.UTC)
	write := func(name string, lines ...string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(folder, name), []byte(strings.Join(lines, "\n")), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("webhook-0.log", `{"level":"error","ts":"2026-11-28T19:36:28.999Z","msg":"before"}`, `{"level":"info","ts":"2026-11-28T19:36:30Z","msg":"decision"}`, `{"level":"warn","ts":"2026-11-28T19:36:31.5Z","msg":"slow"}`)
	write("provisioner-0.log", `{"level":"error","ts":"2026-11-28T19:36:29Z","msg":"ledger"}`, `panic: oh`)
	write("etcd.log", `{"level":"error","ts":"2026-11-28T19:36:29Z","msg":"not ours"}`)
	var out strings.Builder
	Logs(&out, folder, since)
	want := `  provisioner-0.log: {"level":"error","ts":"2026-11-28T19:36:29Z","msg":"ledger"}
  provisioner-0.log: panic: oh
  webhook-0.log: {"level":"warn","ts":"2026-11-28T19:36:31.5Z","msg":"slow"}
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}

	write("webhook-1.log", strings.Repeat(`{"level":"error","ts":"2026-11-28T19:36:29Z"}`+"\n", mostLines+1)+strings.Repeat("x", most+1))
	out.Reset()
	Logs(&out, folder, since)
	if n := strings.Count(out.String(), "webhook-1.log"); n != mostLines {
		t.Errorf("%d lines of one log, want the last %d", n, mostLines)
	}
	if !strings.HasSuffix(out.String(), " "+strings.Repeat("x", most)+"\n") {
		t.Error("a line is longer than a message may be, or not the last one")
	}

	out.Reset()
	Logs(&out, t.TempDir(), since)
	if out.String() != "  nothing\n" {
		t.Errorf("of no logs: %q", out.String())
	}
}
