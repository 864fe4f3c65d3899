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
	return pod(`"volumes":[{"name":"v","emptyDir":{}}]`, good, `"env":[{"name":"A","value":"b"}],"resources":{"requests":{"cpu":"10m"}}`)
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
			for _, spec := range []string{
				small(), big(), pod(`"volumes":[{"name":"v","hostPath":{"path":"/var/log/a"}},{"name":"w","flexVolume":{"driver":"example/lvm"}}]`, good, ""),
				pod("", instead(`"capabilities":{"add":["CHOWN"],"drop":["ALL","KILL"]}`), `"ports":[{"containerPort":80,"hostPort":31000},{"containerPort":81}]`),
				pod("", instead(`"seLinuxOptions":{"type":"container_t","level":"s0"}`), ""),
				podOf("example.com/trusted/tool:2", "", `"privileged":true`, ""), podOf("example.com/one:1", "", "", ""),
			} {
				if got := refusing(reviewOf(t, spec)); len(got) > 0 {
					t.Errorf("%s is refused by %v", spec, got)
				}
			}
			for _, list := range []string{"initContainers", "ephemeralContainers"} {
				spec := pod(`"`+list+`":[{"name":"d","image":"example.com/one:2"}]`, good, "")
				if got := refusing(reviewOf(t, spec)); len(got) != 5 {
					t.Errorf("%s is refused by %v, want 5 rules", spec, got)
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
