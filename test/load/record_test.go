package main

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/test/drive"
)

func TestRecordedLines(t *testing.T) {
	sample := func(d ...time.Duration) []drive.Result {
		return []drive.Result{{Latencies: d, Took: time.Second}}
	}
	f := figures{
		Straight: []straightRow{{Name: "validate a small pod", Loop: "open", Connections: 8,
			Floor: straightSide{samples: sample(1000, 3000)}, Gatehouse: straightSide{samples: sample(5000)}}},
		Writes: []row{{Name: "create a Pod: Gatehouse", Clients: 1, without: latencies{each: []time.Duration{10}, took: time.Second}}},
	}
	var got bytes.Buffer
	if err := f.lines(&got, "abc"); err != nil {
		t.Fatal(err)
	}
	want := `pkg: gatehouse.dev/gatehouse/test/load
commit: abc
BenchmarkDirect/review=validate-a-small-pod/side=floor/loop=open/connections=8 2 2000 ns/op 3000 p50-ns 3000 p99-ns 2.0 reviews/s
BenchmarkDirect/review=validate-a-small-pod/side=gatehouse/loop=open/connections=8 1 5000 ns/op 5000 p50-ns 5000 p99-ns 1.0 reviews/s
BenchmarkThrough/write=create-a-Pod-Gatehouse/side=without/clients=1 1 10 ns/op 10 p50-ns 10 p99-ns 1.0 reviews/s
BenchmarkThrough/write=create-a-Pod-Gatehouse/side=with/clients=1 0 0 ns/op 0 p50-ns 0 p99-ns 0.0 reviews/s
`
	_, lines, _ := bytes.Cut(got.Bytes(), []byte("goarch:"))
	_, lines, _ = bytes.Cut(lines, []byte("\n"))
	if diff := cmp.Diff(want, string(lines)); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}
