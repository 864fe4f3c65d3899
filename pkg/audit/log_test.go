package audit

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/review"
)

func sample() (review.Request, review.Verdict) {
	r := review.Request{
		Phase: review.Validating, Entry: review.EntryTenant, UID: "u-1", Operation: review.Create,
		Kind:     review.Kind{Group: "batch", Version: "v1", Kind: "Job"},
		Resource: review.Resource{Group: "batch", Version: "v1", Resource: "jobs"},
		Name:     "train", Namespace: "claude-runner-user-bob", DryRun: true,
		Subject: review.Subject{Username: "local:alice", Groups: []string{"gatehouse:users"}},
		Object:  json.RawMessage(`{"data":{"password":"hunter2-object"}}`),
		Raw:     json.RawMessage(`{"object":{"data":{"password":"hunter2-object"}}}`),
	}
	v := review.Deny(review.Trace{
		Correlation: "c-1", Tenant: "bob", Organization: "globex", Tier: "premium",
		Class: "human", Role: "none", Relation: "foreign", Author: "local:alice", Actor: "local:alice",
		KeyID: "k1", PolicyDigest: "sha256:abc", Audited: []string{"models/granted"},
	}, review.Denial{Rule: "isolation/tenant-membership", Problem: "not yours"})
	return r, v
}

func line(t *testing.T, rec Record) map[string]any {
	t.Helper()
	var out bytes.Buffer
	NewLog(&out).Record(rec)
	if n := strings.Count(out.String(), "\n"); n != 1 || !strings.HasSuffix(out.String(), "\n") {
		t.Fatalf("%d line breaks in %q, want one at the end", n, out.String())
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("%v in %q", err, out.String())
	}
	return got
}

func TestRecordSaysWhoWhatWhereWhy(t *testing.T) {
	r, v := sample()
	at := time.Date(2026, 9, 1, 12, 0, 0, 5000, time.UTC)
	got := line(t, NewRecord(r, v, at, 1500*time.Microsecond))
	want := map[string]any{
		"time": "2026-09-01T12:00:00.000005Z", "outcome": "denied", "phase": "validating", "entry": "tenant",
		"correlation": "c-1", "tenant": "bob", "organization": "globex", "tier": "premium",
		"user": "local:alice", "author": "local:alice", "actor": "local:alice",
		"class": "human", "role": "none", "relation": "foreign",
		"operation": "CREATE", "group": "batch", "version": "v1", "resource": "jobs", "kind": "Job",
		"namespace": "claude-runner-user-bob", "name": "train", "dryRun": true,
		"rules": []any{"isolation/tenant-membership"}, "audited": []any{"models/granted"},
		"message": "denied by isolation/tenant-membership: not yours [tier=premium correlation=c-1]",
		"keyID":   "k1", "policyDigest": "sha256:abc", "uid": "u-1", "latencyMs": 1.5,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("line (-want +got):\n%s", diff)
	}
}

func TestWanted(t *testing.T) {
	tests := []struct {
		phase   review.Phase
		outcome review.Outcome
		want    bool
	}{
		{review.Validating, review.Allowed, true},
		{review.Validating, review.Denied, true},
		{review.Validating, review.Retry, true},
		{review.Mutating, review.Allowed, false},
		{review.Mutating, review.Denied, true},
		{review.Mutating, review.Broken, true},
		{review.Mutating, review.Retry, true},
		{"", review.Allowed, true},
	}
	for _, test := range tests {
		var out bytes.Buffer
		NewLog(&out).Record(Record{Phase: test.phase, Outcome: test.outcome})
		if got := out.Len() > 0; got != test.want {
			t.Errorf("%s %s: logged %v, want %v", test.phase, test.outcome, got, test.want)
		}
	}
}

func TestNoInputAddsALine(t *testing.T) {
	nasty := "a\nb\r\nc\u2028d\u2029e\u0085f\x00g\x1bh\xffi\"}\n{\"outcome\":\"allowed\"}"
	r, v := sample()
	r.Name, r.Namespace, r.Subject.Username, r.SubResource, r.UID = nasty, nasty, nasty, nasty, nasty
	r.Resource = review.Resource{Group: nasty, Version: nasty, Resource: nasty}
	r.Operation = review.Operation(nasty)
	v.Trace = review.Trace{Correlation: nasty, Tenant: nasty, Author: nasty, Actor: nasty, Class: nasty,
		Role: nasty, Relation: nasty, PolicyDigest: nasty, KeyID: nasty, Audited: []string{nasty}}
	v.Denials = []review.Denial{{Rule: nasty, Problem: nasty, Allowed: nasty, Next: nasty}}
	v.Reason = nasty
	for key, value := range line(t, NewRecord(r, v, time.Now(), 0)) {
		text, ok := value.(string)
		if ok && strings.ContainsAny(text, "\r\x00\x1b\u2028\u2029\u0085") {
			t.Errorf("%s keeps a control character: %q", key, text)
		}
		if ok && key != "message" && strings.Contains(text, "\n") {
			t.Errorf("%s keeps a line break: %q", key, text)
		}
	}
}

func TestLineIsBounded(t *testing.T) {
	r, v := sample()
	huge := strings.Repeat("é", 1<<20)
	r.Name, r.Subject.Username, v.Reason = huge, huge, huge
	v.Denials = nil
	for range 200 {
		v.Denials = append(v.Denials, review.Denial{Rule: "a/b", Problem: huge})
		v.Trace.Audited = append(v.Trace.Audited, huge)
	}
	var out bytes.Buffer
	NewLog(&out).Record(NewRecord(r, v, time.Now(), 0))
	if out.Len() > 64<<10 {
		t.Errorf("a line of %d bytes", out.Len())
	}
}

func TestSecretsStayOut(t *testing.T) {
	secret := map[string]string{
		"passport":     "v1.k1.eyJ1c2VyX2lkIjoiYWxpY2UifQ.dGhpcyBpcyB0aGUgbWFjIG9mIHRoZSBwYXNzcG9ydA",
		"cut passport": "v1.k1.eyJ1c2VyX2lkIjoiYWxpY2UifQ",
		"JWT":          "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJl",
		"bearer":       "Bearer abcdefghijklmnop",
		"model key":    "sk-ant-REDACTED",
		"private key":  "-----BEGIN EC PRIVATE KEY-----\nMHcCAQ\n-----END EC PRIVATE KEY-----",
	}
	for name, text := range secret {
		t.Run(name, func(t *testing.T) {
			r, v := sample()
			v.Denials[0].Problem = "value " + review.Quote(text) + " and " + text
			v.Reason, v.Trace.Audited = text, []string{text}
			var out bytes.Buffer
			NewLog(&out).Record(NewRecord(r, v, time.Now(), 0))
			for _, part := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == '\n' }) {
				if len(part) > 8 && strings.Contains(out.String(), part) {
					t.Errorf("the line holds %q: %s", part, out.String())
				}
			}
			if strings.Contains(out.String(), "hunter2-object") {
				t.Error("the line holds the object's contents")
			}
			if !strings.Contains(out.String(), redacted) {
				t.Errorf("nothing says that something was taken out: %s", out.String())
			}
		})
	}
}

func TestRedactLeavesPlainText(t *testing.T) {
	for _, text := range []string{"", "v1.pods is plain", "image \"registry.k8s.io/pause:3.10\" is not allowed", "task-runner of the risk-team bearer"} {
		if got := Redact(text); got != text {
			t.Errorf("Redact(%q) = %q", text, got)
		}
	}
}

func TestOpenLogAppends(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.log")
	for range 2 {
		l, err := OpenLog(path)
		if err != nil {
			t.Fatal(err)
		}
		l.Record(Record{Phase: review.Validating})
		if err := l.Close(); err != nil {
			t.Fatal(err)
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got := bytes.Count(data, []byte("\n")); got != 2 {
		t.Errorf("%d lines after two runs, want 2", got)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("mode %o, want 600", info.Mode().Perm())
	}
	if _, err := OpenLog(filepath.Join(path, "below-a-file")); err == nil {
		t.Error("an impossible path opened")
	}
}

type brokenDisk struct{}

func (brokenDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestLostLinesAreCounted(t *testing.T) {
	l := NewLog(brokenDisk{})
	l.Record(Record{Phase: review.Validating})
	l.Record(Record{Phase: review.Mutating, Outcome: review.Allowed})
	if got := l.Failed(); got != 1 {
		t.Errorf("Failed = %d, want 1", got)
	}
}

func TestConcurrentRecordsKeepTheirLines(t *testing.T) {
	path := filepath.Join(t.TempDir(), "decisions.log")
	l, err := OpenLog(path)
	if err != nil {
		t.Fatal(err)
	}
	r, v := sample()
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for range 50 {
				l.Record(NewRecord(r, v, time.Now(), time.Millisecond))
			}
		})
	}
	group.Wait()
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	all := strings.Split(strings.TrimSuffix(string(data), "\n"), "\n")
	if len(all) != 400 {
		t.Errorf("%d lines, want 400", len(all))
	}
	for _, one := range all {
		if !json.Valid([]byte(one)) {
			t.Fatalf("not JSON: %q", one)
		}
	}
}
