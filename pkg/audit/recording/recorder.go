package recording

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"math"
	"sync/atomic"

	"github.com/open-policy-agent/opa/v1/ast"

	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/review"
)

// queued and waiting are how many decisions, and how many bytes of their objects, wait
// to be written; what comes while they do is dropped. An input takes many times the bytes
// of its objects.
const (
	queued  = 256
	waiting = 4 << 20
)

// maxLine is the longest line written, in bytes.
const maxLine = 16 << 20

// Options say what is recorded where.
type Options struct {
	// Directory is made if it is not there, for its owner only.
	Directory string
	// Name tells the files of this process from others' in the same directory.
	Name string
	// Sample is the part of decisions that is recorded, above 0 up to 1.
	Sample float64
	// MaxBytes is the most that all recordings in the directory hold together.
	MaxBytes int64
	// Key makes the hashes, at least 32 bytes.
	Key []byte
}

// Decision is what is recorded: a Record without its input, which is taken as it was
// evaluated and must not be changed any more. Data may be nil.
type Decision struct {
	Record
	Input ast.Value
	Data  ast.Value
	// Bytes is the size of the objects in the input as they came.
	Bytes int64
}

// Counts are decisions since the start: written, dropped because the writer was behind,
// and failed, that could not be written.
type Counts struct{ Written, Dropped, Failed uint64 }

// Recorder writes decisions. Observe and Record may be called by anybody at any time; Run
// is one goroutine's.
type Recorder struct {
	o     Options
	queue chan Decision
	files *files

	waiting                  atomic.Int64
	written, dropped, failed atomic.Uint64
}

// New checks the options and that the directory can be written to.
func New(o Options) (*Recorder, error) {
	if err := checkKey(o.Key); err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	files, err := openFiles(o.Directory, o.Name, o.MaxBytes)
	if err != nil {
		return nil, fmt.Errorf("recordings: %w", err)
	}
	return &Recorder{o: o, queue: make(chan Decision, queued), files: files}, nil
}

// Observe takes a decision in a tenant's namespace, or leaves it out. It never waits.
func (r *Recorder) Observe(a gate.Asked) {
	if a.Request.Entry == review.EntryTenant && sampled(a.Request.UID, r.o.Sample) {
		r.Record(Of(a))
	}
}

// sampled picks by the review's UID, which the API server makes by chance.
func sampled(uid string, part float64) bool {
	h := fnv.New64a()
	_, _ = h.Write([]byte(uid)) // never fails
	return part >= 1 || float64(h.Sum64())/math.MaxUint64 < part
}

// Record takes a decision, or drops it because the writer is behind. It never waits.
func (r *Recorder) Record(d Decision) {
	if r.waiting.Add(d.Bytes) <= waiting {
		select {
		case r.queue <- d:
			return
		default:
		}
	}
	r.waiting.Add(-d.Bytes)
	r.dropped.Add(1)
}

// Counts so far.
func (r *Recorder) Counts() Counts {
	return Counts{Written: r.written.Load(), Dropped: r.dropped.Load(), Failed: r.failed.Load()}
}

// Run writes until ctx ends, and then what is still waiting.
func (r *Recorder) Run(ctx context.Context) error {
	for {
		select {
		case d := <-r.queue:
			r.write(d)
		case <-ctx.Done():
			for {
				select {
				case d := <-r.queue:
					r.write(d)
				default:
					return r.files.close()
				}
			}
		}
	}
}

func (r *Recorder) write(d Decision) {
	defer r.waiting.Add(-d.Bytes)
	// A line that cannot be made is a line lost: whoever decides goes on.
	defer func() {
		if recover() != nil {
			r.failed.Add(1)
		}
	}()
	line, err := encode(d, r.o.Key)
	if err == nil {
		err = r.files.write(line)
	}
	if err != nil {
		r.failed.Add(1)
		return
	}
	r.written.Add(1)
}

// encode gives the line of a decision, with its secrets replaced.
func encode(d Decision, key []byte) ([]byte, error) {
	plain, err := ast.JSON(d.Input)
	if err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	input, ok := plain.(map[string]any)
	if !ok {
		return nil, errors.New("input is no object")
	}
	redact := newRedactor(key)
	record := d.Record
	if record.Input, err = json.Marshal(redact.input(input)); err != nil {
		return nil, fmt.Errorf("input: %w", err)
	}
	if d.Data != nil {
		data, err := ast.JSON(d.Data)
		if err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
		if record.Data, err = json.Marshal(data); err != nil {
			return nil, fmt.Errorf("data: %w", err)
		}
	}
	record.Redacted = redact.count
	record.Findings = nil
	for _, f := range d.Findings {
		f.Msg = redact.text(f.Msg)
		record.Findings = append(record.Findings, f)
	}
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(record); err != nil {
		return nil, err
	}
	if line.Len() > maxLine {
		return nil, fmt.Errorf("the line has %d bytes, at most %d", line.Len(), maxLine)
	}
	return line.Bytes(), nil
}
