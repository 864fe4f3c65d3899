package decisions

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestFormat(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC).Local().Format(time.TimeOnly)
	tests := map[string]struct{ line, want string }{
		"allowed": {
			`{"time":"2026-01-02T03:04:05.000001Z","outcome":"allowed","user":"local:alice","operation":"CREATE","resource":"researchsessions","namespace":"claude-runner-user-alice","name":"s"}`,
			at + "  allowed  local:alice  create researchsessions claude-runner-user-alice/s",
		},
		"denied in two lines": {
			`{"time":"2026-01-02T03:04:05Z","outcome":"denied","user":"local:bob","operation":"UPDATE","resource":"deployments","subresource":"scale","namespace":"n","name":"d","dryRun":true,"rules":["a/b"],"message":"denied by a/b: x\ndenied by c/d: y"}`,
			at + "  denied   local:bob  update (dry run) deployments/scale n/d  denied by a/b: x | denied by c/d: y",
		},
		"rules only": {
			`{"time":"2026-01-02T03:04:05Z","outcome":"denied","user":"u","operation":"CREATE","resource":"tenants","name":"t","rules":["a/b","c/d"]}`,
			at + "  denied   u  create tenants t  by a/b, c/d",
		},
		"reason": {
			`{"time":"2026-01-02T03:04:05Z","outcome":"unavailable","user":"u","operation":"CREATE","resource":"tenants","name":"t","reason":"facts too old"}`,
			at + "  unavailable  u  create tenants t  facts too old",
		},
		"audited":     {`{"time":"2026-01-02T03:04:05Z","outcome":"allowed","user":"u","operation":"DELETE","resource":"pods","name":"p","audited":["a/b"]}`, at + "  allowed  u  delete pods p  audited: a/b"},
		"no decision": {`{"hello":1}`, `{"hello":1}`},
		"no JSON":     {"panic: oh", "panic: oh"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if got := strings.TrimRight(Format([]byte(test.line)), " "); got != test.want {
				t.Fatalf("\n got %q\nwant %q", got, test.want)
			}
		})
	}
}

// buffer may be read while it is written.
type buffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

func TestFollow(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.jsonl")
	ctx, cancel := context.WithCancel(context.Background())
	var out buffer
	ended := make(chan error, 1)
	go func() { ended <- Follow(ctx, path, &out) }()
	time.Sleep(50 * time.Millisecond)
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for _, part := range []string{"first\nsec", "ond\nunfinished"} {
		if _, err := file.WriteString(part); err != nil {
			t.Fatal(err)
		}
		time.Sleep(pollEvery + 50*time.Millisecond)
	}
	for range 100 {
		if out.String() == "first\nsecond\n" {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != "first\nsecond\n" {
		t.Fatalf("shown: %q", got)
	}
}
