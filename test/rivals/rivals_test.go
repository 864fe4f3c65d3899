package rivals

import (
	"fmt"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func bytesOf(text string) io.Reader { return strings.NewReader(text) }

// engines in the order of the figures.
var engines = []struct {
	name string
	make func(testing.TB) ask
}{{"opa", opa}, {"gatehouse", gatehouse}, {"cel", cel}}

// small is a Pod that all rules allow; big has twenty containers.
func small() string {
	return `{"containers":[{` + image + `,"env":[{"name":"A","value":"b"}],"resources":{"requests":{"cpu":"10m"}},` +
		`"securityContext":{"allowPrivilegeEscalation":false,"runAsUser":1000,"capabilities":{"drop":["ALL"]},"seccompProfile":{"type":"RuntimeDefault"}}}],` +
		`"volumes":[{"name":"v","emptyDir":{}}],"tolerations":[{"key":"a","operator":"Exists"}]}`
}

func big() string {
	one := small()[len(`{"containers":[`):strings.Index(small(), `],"volumes"`)]
	return `{"containers":[` + strings.Repeat(one+",", 19) + one + `]}`
}

// TestAllDecideAlike: what is measured decides, and the same in each engine.
func TestAllDecideAlike(t *testing.T) {
	if len(Rules()) != 15 {
		t.Fatalf("%d rules, want 15", len(Rules()))
	}
	for _, engine := range engines {
		t.Run(engine.name, func(t *testing.T) {
			refusing := engine.make(t)
			for _, spec := range []string{small(), big()} {
				if got := refusing(reviewOf(t, spec)); len(got) > 0 {
					t.Errorf("a good Pod is refused by %v", got)
				}
			}
			for _, r := range Rules() {
				if diff := cmp.Diff([]string{r.Name}, refusing(reviewOf(t, r.broken))); diff != "" {
					t.Errorf("%s (-want +got):\n%s", r.Name, diff)
				}
			}
		})
	}
}

// BenchmarkFifteen is a create of a Pod that all fifteen rules allow, the object decoded
// already. cpu-ns/op is the time of the processor, the garbage collector's with it, which a
// loaded machine changes least.
func BenchmarkFifteen(b *testing.B) {
	for _, pod := range []struct{ name, spec string }{{"small", small()}, {"big", big()}} {
		for _, engine := range engines {
			refusing := engine.make(b)
			r := reviewOf(b, pod.spec)
			b.Run(fmt.Sprintf("pod=%s/engine=%s", pod.name, engine.name), func(b *testing.B) {
				b.ReportAllocs()
				began := processor(b)
				for b.Loop() {
					if len(refusing(r)) > 0 {
						b.Fatal("refused")
					}
				}
				b.ReportMetric(float64((processor(b)-began).Nanoseconds())/float64(b.N), "cpu-ns/op")
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "reviews/s")
			})
		}
	}
}

// processor is how long this process has had one.
func processor(tb testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
