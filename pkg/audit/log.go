package audit

import (
	"fmt"
	"io"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
)

// Log writes one JSON line a decision. Safe for concurrent use.
type Log struct {
	core   zapcore.Core
	file   *os.File
	failed *atomic.Uint64
	spare  sync.Pool
}

// OpenLog appends to the file at path, making it readable by its owner only; an empty
// path means standard output.
func OpenLog(path string) (*Log, error) {
	if path == "" {
		return NewLog(os.Stdout), nil
	}
	file, err := os.OpenFile(path, os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, fmt.Errorf("decision log: %w", err)
	}
	l := NewLog(file)
	l.file = file
	return l, nil
}

// NewLog writes to w, one Write call a line.
func NewLog(w io.Writer) *Log {
	encoder := zapcore.NewJSONEncoder(zapcore.EncoderConfig{
		TimeKey:        "time",
		EncodeTime:     zapcore.TimeEncoderOfLayout("2006-01-02T15:04:05.000000Z07:00"),
		EncodeDuration: zapcore.StringDurationEncoder,
		LineEnding:     "\n",
	})
	l := &Log{failed: &atomic.Uint64{}}
	l.core = zapcore.NewCore(encoder, zapcore.Lock(counted{zapcore.AddSync(w), l.failed}), zapcore.InfoLevel)
	return l
}

// Failed is the number of lines that could not be written.
func (l *Log) Failed() uint64 { return l.failed.Load() }

// Close closes the file, if there is one.
func (l *Log) Close() error {
	if l.file == nil {
		return nil
	}
	return l.file.Close()
}

// Record writes the line of a record that Wanted accepts.
func (l *Log) Record(r Record) {
	if !r.Wanted() {
		return
	}
	// The error is counted by the writer; a decision does not wait for the disk to
	// come back.
	into, _ := l.spare.Get().(*[]zap.Field)
	if into == nil {
		into = &[]zap.Field{}
	}
	*into = fields((*into)[:0], r)
	_ = l.core.Write(zapcore.Entry{Time: r.Time.UTC(), Level: zapcore.InfoLevel}, *into)
	clear(*into) // it holds on to nothing
	l.spare.Put(into)
}

// fields are the line's keys, in a fixed order; empty ones are left out except those
// that every reader looks for.
func fields(f []zap.Field, r Record) []zap.Field {
	always := func(key, value string) { f = append(f, zap.String(key, Clean(value, maxName))) }
	some := func(key, value string) {
		if value != "" {
			always(key, value)
		}
	}
	always("outcome", r.Outcome.String())
	always("phase", string(r.Phase))
	always("entry", string(r.Entry))
	always("correlation", r.Trace.Correlation)
	always("tenant", r.Trace.Tenant)
	some("organization", r.Trace.Organization)
	some("tier", r.Trace.Tier)
	always("user", r.Username)
	some("author", r.Trace.Author)
	some("actor", r.Trace.Actor)
	some("class", r.Trace.Class)
	some("role", r.Trace.Role)
	some("relation", r.Trace.Relation)
	always("operation", string(r.Operation))
	some("group", r.Resource.Group)
	some("version", r.Resource.Version)
	always("resource", r.Resource.Resource)
	some("subresource", r.SubResource)
	some("kind", r.Kind.Kind)
	some("namespace", r.Namespace)
	always("name", r.Name)
	f = append(f, zap.Bool("dryRun", r.DryRun))
	f = list(f, "rules", r.Rules)
	f = list(f, "audited", r.Trace.Audited)
	if r.Trace.BreakGlass {
		f = append(f, zap.Bool("breakGlass", true))
	}
	if r.Message != "" {
		f = append(f, zap.String("message", lines(Redact(r.Message), maxMessage)))
	}
	some("reason", r.Reason)
	some("keyID", r.Trace.KeyID)
	some("policyDigest", r.Trace.PolicyDigest)
	some("uid", r.UID)
	return append(f, zap.Float64("latencyMs", float64(r.Latency)/float64(time.Millisecond)))
}

// list adds a bounded list of one-line texts, unless it is empty.
func list(f []zap.Field, key string, values []string) []zap.Field {
	if len(values) == 0 {
		return f
	}
	if len(values) > maxList {
		values = values[:maxList]
	}
	safe := make([]string, 0, len(values))
	for _, value := range values {
		safe = append(safe, Clean(value, maxName))
	}
	return append(f, zap.Strings(key, safe))
}

// counted counts the writes that failed.
type counted struct {
	zapcore.WriteSyncer
	failed *atomic.Uint64
}

func (c counted) Write(p []byte) (int, error) {
	n, err := c.WriteSyncer.Write(p)
	if err != nil {
		c.failed.Add(1)
	}
	return n, err
}
