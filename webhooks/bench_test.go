package webhooks

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkReview is the transport alone, an allow-everything decider behind it.
func BenchmarkReview(b *testing.B) {
	for _, kib := range []int{1, 16, 1024} {
		body := strings.Replace(valid, `"metadata":{"name":"notes"}`,
			`"metadata":{"name":"notes"},"data":{"a":"`+strings.Repeat("x", kib<<10)+`"}`, 1)
		b.Run(fmt.Sprintf("%dKiB", kib), func(b *testing.B) {
			r := newRig(b, allows)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				r.post("/validate/tenant?timeout=5s", body)
			}
		})
	}
}
