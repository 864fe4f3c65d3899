package recording

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/prometheus/client_golang/prometheus"
	"k8s.io/apimachinery/pkg/api/resource"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

func options(t *testing.T) Options {
	t.Helper()
	return Options{Directory: filepath.Join(t.TempDir(), "recordings"), Name: "webhook/0", Sample: 1, MaxBytes: 1 << 20, Key: key}
}

func recorder(t *testing.T, o Options) *Recorder {
	t.Helper()
	r, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func decision(t *testing.T, name string, size int) Decision {
	t.Helper()
	input, err := ast.InterfaceToValue(plain(t, reviewed("Secret", `{"metadata": {"name": "`+name+`"}, "stringData": {"a": "hunter2"}, "type": "`+strings.Repeat("x", size)+`"}`)))
	if err != nil {
		t.Fatal(err)
	}
	return Decision{
		Record: Record{Time: time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC), Correlation: name, Digest: "sha256:abc", Tenant: "alice", Outcome: "denied",
			Rules: []string{"a/b"}, Findings: []Finding{{Rule: "a/b", Effect: EffectDeny, Msg: "hunter2 is bad"}}, Demands: []Demand{{Rule: "c/d", Dimension: "sessions", Amount: "1"}}},
		Input: input, Data: ast.MustInterfaceToValue(map[string]any{"delegated": map[string]any{"a/b": map[string]any{"x": 1}}}), Bytes: int64(size),
	}
}

// finish ends the writer and waits for it.
func finish(t *testing.T, r *Recorder) {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := r.Run(ctx); err != nil {
		t.Fatal(err)
	}
}

func TestRecordAndRead(t *testing.T) {
	o := options(t)
	r := recorder(t, o)
	d := decision(t, "one", 1)
	r.Record(d)
	finish(t, r)
	var got []Record
	if broken, err := Read(o.Directory, func(x Record) error { got = append(got, x); return nil }); err != nil || broken != 0 {
		t.Fatalf("%d broken, %v", broken, err)
	}
	if len(got) != 1 {
		t.Fatalf("%d records", len(got))
	}
	want := d.Record
	want.Data, want.Redacted = []byte(`{"delegated":{"a/b":{"x":1}}}`), 3
	want.Findings = []Finding{{Rule: "a/b", Effect: EffectDeny, Msg: got[0].Findings[0].Msg}}
	want.Input = got[0].Input
	if diff := cmp.Diff(want, got[0]); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if strings.Contains(got[0].Findings[0].Msg, "hunter2") || !strings.Contains(string(got[0].Input), `"name":"one"`) {
		t.Errorf("message %q, input %s", got[0].Findings[0].Msg, got[0].Input)
	}
	if d.Findings[0].Msg != "hunter2 is bad" {
		t.Error("the decision itself was changed")
	}
}

func TestOnlyTheOwnerReads(t *testing.T) {
	o := options(t)
	r := recorder(t, o)
	r.Record(decision(t, "one", 1))
	finish(t, r)
	names, err := list(o.Directory)
	if err != nil || len(names) != 1 || strings.Contains(filepath.Base(names[0]), "/0") {
		t.Fatalf("%v, %v", names, err)
	}
	for name, want := range map[string]os.FileMode{o.Directory: 0o700, names[0]: 0o600} {
		info, err := os.Stat(name)
		if err != nil {
			t.Fatal(err)
		}
		if got := info.Mode().Perm(); got != want {
			t.Errorf("%s: mode %o, want %o", name, got, want)
		}
	}
}

func TestOldestGo(t *testing.T) {
	o := options(t)
	r := recorder(t, o)
	for i := range 60 {
		r.Record(decision(t, fmt.Sprintf("d%02d", i), 50<<10))
		finish(t, r)
		total := int64(0)
		names, _ := list(o.Directory)
		for _, name := range names {
			info, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			total += info.Size()
		}
		if total > o.MaxBytes {
			t.Fatalf("%d bytes after %d decisions, at most %d", total, i+1, o.MaxBytes)
		}
	}
	var kept []string
	if _, err := Read(o.Directory, func(x Record) error { kept = append(kept, x.Correlation); return nil }); err != nil {
		t.Fatal(err)
	}
	if len(kept) < 5 || kept[len(kept)-1] != "d59" || kept[0] == "d00" {
		t.Errorf("kept %v", kept)
	}
	for i := 1; i < len(kept); i++ {
		if kept[i-1] >= kept[i] {
			t.Errorf("not in their order: %v", kept)
		}
	}
}

// Nobody waits for the disk: what does not fit into the queue is dropped and counted.
// unwritable panics when it is looked at.
type unwritable struct{ ast.Value }

func TestAPanicLosesOneLine(t *testing.T) {
	r := recorder(t, options(t))
	bad := decision(t, "bad", 0)
	bad.Input = unwritable{}
	r.Record(bad)
	r.Record(decision(t, "good", 0))
	finish(t, r)
	if got := r.Counts(); got.Written != 1 || got.Failed != 1 {
		t.Errorf("%+v, want one written and one failed", got)
	}
}

func TestRecordNeverWaits(t *testing.T) {
	r := recorder(t, options(t))
	for range queued + 10 {
		r.Record(decision(t, "d", 1))
	}
	if got := r.Counts().Dropped; got != 10 {
		t.Errorf("%d dropped, want 10", got)
	}
	finish(t, r)
	if diff := cmp.Diff(Counts{Written: queued, Dropped: 10}, r.Counts()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	large := decision(t, "large", 10)
	large.Bytes = waiting
	r.Record(large)
	r.Record(decision(t, "one too many", 1))
	if got := r.Counts().Dropped; got != 11 {
		t.Errorf("%d dropped by bytes, want 11", got)
	}
	finish(t, r)
	r.Record(large)
	if got := r.Counts().Dropped; got != 11 {
		t.Errorf("bytes are not given back: %d dropped", got)
	}
}

func TestSample(t *testing.T) {
	o := options(t)
	o.Sample = 0.1
	r := recorder(t, o)
	input := decision(t, "d", 1).Input
	for range 1000 {
		r.Observe(gate.Asked{Request: review.Request{UID: uuid.NewString(), Entry: review.EntryTenant}, Input: input})
	}
	if got := len(r.queue); got < 40 || got > 200 {
		t.Errorf("%d of 1000 taken, want about 100", got)
	}
}

func TestOnlyTenantsNamespaces(t *testing.T) {
	r := recorder(t, options(t))
	for _, entry := range []review.Entry{review.EntryPlatform, review.EntryGuests, review.EntryNamespaces, ""} {
		r.Observe(gate.Asked{Request: review.Request{Entry: entry}})
	}
	if len(r.queue) != 0 {
		t.Errorf("%d decisions from elsewhere are recorded", len(r.queue))
	}
}

func TestOf(t *testing.T) {
	finding := func(rule string) []engine.Finding { return []engine.Finding{{Rule: rule, Msg: "m"}} }
	a := gate.Asked{
		Time:    time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC),
		Request: review.Request{Object: []byte("{}"), OldObject: []byte("{ }")},
		Result: engine.Result{Denials: finding("a/deny"), Warnings: finding("a/warn"), Audited: finding("a/audit"), Demands: []engine.Demand{
			{Rule: "q/a", Dimension: "sessions", Amount: resource.MustParse("2")},
			{Rule: "q/b", Dimension: "cpu", Amount: resource.MustParse("1"), Enforcement: v1alpha1.EnforcementAudit},
		}},
		Verdict: review.Deny(review.Trace{Correlation: "c", Tenant: "alice", PolicyDigest: "sha256:abc", Relation: "owner"}, review.Denial{Rule: "a/deny"}),
	}
	want := Decision{Bytes: 5, Record: Record{
		Time: a.Time, Correlation: "c", Tenant: "alice", Digest: "sha256:abc", Relation: "owner", Outcome: "denied", Rules: []string{"a/deny"},
		Findings: []Finding{{"a/deny", EffectDeny, "m"}, {"a/warn", EffectWarn, "m"}, {"a/audit", EffectAudit, "m"}},
		Demands:  []Demand{{"q/a", "sessions", "2"}},
	}}
	if diff := cmp.Diff(want, Of(a)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	a.Verdict.Trace.Relation = "platform"
	if got := Of(a).Findings[0].Effect; got != EffectWarn {
		t.Errorf("for the platform a denial is recorded as %s", got)
	}
}

func TestBrokenLines(t *testing.T) {
	o := options(t)
	r := recorder(t, o)
	r.Record(decision(t, "one", 1))
	finish(t, r)
	names, _ := list(o.Directory)
	raw, err := os.ReadFile(names[0])
	if err != nil {
		t.Fatal(err)
	}
	half := append(bytes.Clone(raw), raw[:len(raw)/2]...)
	if err := os.WriteFile(names[0], append([]byte("{}\n"), half...), 0o600); err != nil {
		t.Fatal(err)
	}
	n := 0
	if broken, err := Read(o.Directory, func(Record) error { n++; return nil }); err != nil || n != 1 || broken != 2 {
		t.Errorf("%d records, %d broken, %v", n, broken, err)
	}
	if _, err := Read(t.TempDir(), func(Record) error { return nil }); err == nil {
		t.Error("an empty folder holds recordings")
	}
}

func TestRefusedOptions(t *testing.T) {
	short := options(t)
	short.Key = key[:31]
	if _, err := New(short); err == nil || !strings.Contains(err.Error(), "31 bytes") {
		t.Errorf("a short key: %v", err)
	}
	blocked := options(t)
	blocked.Directory = filepath.Join(os.DevNull, "x")
	if _, err := New(blocked); err == nil {
		t.Error("a folder below a device")
	}
}

func TestWatch(t *testing.T) {
	registry := prometheus.NewRegistry()
	r := recorder(t, options(t))
	if err := r.Watch(registry); err != nil {
		t.Fatal(err)
	}
	r.Record(decision(t, "one", 1))
	finish(t, r)
	families, err := registry.Gather()
	if err != nil || len(families) != 1 || families[0].GetName() != "gatehouse_recordings_total" {
		t.Fatalf("%v, %v", families, err)
	}
	got := map[string]float64{}
	for _, m := range families[0].GetMetric() {
		got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
	}
	if diff := cmp.Diff(map[string]float64{"written": 1, "dropped": 0, "failed": 0}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
