package engine_test

import (
	"context"
	"encoding/json"
	"io/fs"
	"testing"

	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/policies"
)

// session is a whole review of a small session, as JSON.
func session(tb testing.TB) []byte {
	tb.Helper()
	raw, err := fs.ReadFile(policies.FS, "schemas/base.yaml")
	if err != nil {
		tb.Fatal(err)
	}
	asJSON, err := yaml.YAMLToJSON(raw)
	if err != nil {
		tb.Fatal(err)
	}
	return asJSON
}

func program(tb testing.TB) *engine.Program {
	tb.Helper()
	p, err := engine.Compile(context.Background(), engine.Options{Policies: policies.FS})
	if err != nil {
		tb.Fatal(err)
	}
	return p
}

func BenchmarkEvalSession(b *testing.B) {
	p := program(b)
	input, err := engine.ObjectValue(session(b))
	if err != nil {
		b.Fatal(err)
	}
	ctx := context.Background()
	b.ReportAllocs()
	for b.Loop() {
		if _, err := p.Eval(ctx, input, nil); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkDecodeSession(b *testing.B) {
	p := program(b)
	input, err := engine.ObjectValue(session(b))
	if err != nil {
		b.Fatal(err)
	}
	answer, err := p.Eval(context.Background(), input, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.Decode(answer); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkObjectValue(b *testing.B) {
	raw := session(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := engine.ObjectValue(raw); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		program(b)
	}
}

// BenchmarkUnmarshal is what decoding the same bytes into Go's own maps costs.
func BenchmarkUnmarshal(b *testing.B) {
	raw := session(b)
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		var v any
		if err := json.Unmarshal(raw, &v); err != nil {
			b.Fatal(err)
		}
	}
}
