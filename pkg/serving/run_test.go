package serving

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/google/go-cmp/cmp"
)

// process is a Group under test with a client that trusts it.
type process struct {
	*Group
	base, operations string
	client           *http.Client
	stop             context.CancelFunc
	done             chan error
}

func start(t *testing.T, handler http.Handler, change ...func(*Group)) *process {
	t.Helper()
	a := newAuthority(t)
	pair := a.leafPair(t, time.Now().Add(-time.Minute), time.Now().Add(time.Hour))
	listen := func() net.Listener {
		l, err := Listen("test", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	p := &process{done: make(chan error, 1), Group: &Group{
		Logger: logr.Discard(), Health: &Health{}, Gatherer: NewRegistry(),
		Listener: listen(), Operations: listen(), Handler: handler,
		Certificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return pair, nil },
	}}
	for _, c := range change {
		c(p.Group)
	}
	_, port, _ := net.SplitHostPort(p.Listener.Addr().String())
	p.base, p.operations = "https://localhost:"+port, "http://"+p.Operations.Addr().String()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(a.bundle())
	p.client = &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots}, ForceAttemptHTTP2: true, MaxIdleConnsPerHost: 32}}
	t.Cleanup(p.client.CloseIdleConnections)
	var ctx context.Context
	ctx, p.stop = context.WithCancel(context.Background())
	t.Cleanup(p.stop)
	go func() { p.done <- p.Run(ctx) }()
	return p
}

func get1(t *testing.T, client *http.Client, url string) (*http.Response, string) {
	t.Helper()
	response, err := client.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response, string(body)
}

func TestServesHTTP1Only(t *testing.T) {
	p := start(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {}))
	response, _ := get1(t, p.client, p.base)
	if response.Proto != "HTTP/1.1" || response.TLS.NegotiatedProtocol == "h2" || response.TLS.Version < tls.VersionTLS12 {
		t.Errorf("%s, ALPN %q", response.Proto, response.TLS.NegotiatedProtocol)
	}
	old := &tls.Config{MaxVersion: tls.VersionTLS11, InsecureSkipVerify: true}
	if conn, err := tls.Dial("tcp", p.Listener.Addr().String(), old); err == nil {
		conn.Close()
		t.Error("TLS 1.1 was accepted")
	}
}

func TestProbes(t *testing.T) {
	var broken atomic.Bool
	health := &Health{}
	health.AddReady("facts", func() error {
		if broken.Load() {
			return errors.New("12s old")
		}
		return nil
	})
	health.AddReady("panicky", func() error {
		if broken.Load() {
			panic("secret")
		}
		return nil
	})
	p := start(t, http.NotFoundHandler(), func(g *Group) { g.Health = health })
	for _, path := range []string{"/readyz", "/healthz"} {
		if response, body := get1(t, http.DefaultClient, p.operations+path); response.StatusCode != 200 || !strings.Contains(body, `"ok":true`) {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}
	broken.Store(true)
	response, body := get1(t, http.DefaultClient, p.operations+"/readyz")
	var got struct {
		OK      bool
		Failing map[string]string
	}
	if err := json.Unmarshal([]byte(body), &got); err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"facts": "12s old", "panicky": "the check panicked: string"}
	if diff := cmp.Diff(want, got.Failing); diff != "" || response.StatusCode != 503 || got.OK {
		t.Errorf("%d %s\n%s", response.StatusCode, body, diff)
	}
	if response, _ := get1(t, http.DefaultClient, p.operations+"/healthz"); response.StatusCode != 200 {
		t.Errorf("/healthz follows readiness: %d", response.StatusCode)
	}
	health.AddLive("stuck", func() error { return errors.New("stuck") })
	if response, body := get1(t, http.DefaultClient, p.operations+"/healthz"); response.StatusCode != 503 || !strings.Contains(body, "stuck") {
		t.Errorf("/healthz: %d %s", response.StatusCode, body)
	}
	if _, body := get1(t, http.DefaultClient, p.operations+"/metrics"); !strings.Contains(body, "go_goroutines") {
		t.Error("no metrics")
	}
}

// TestDrainLosesNothing calls without pause through a shutdown: every call that the
// listener takes is answered, first as always, then with "come again".
func TestDrainLosesNothing(t *testing.T) {
	var again, asked atomic.Bool
	var taskEnded atomic.Bool
	p := start(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/slow" {
			asked.Store(true)
			time.Sleep(1500 * time.Millisecond)
			if taskEnded.Load() {
				t.Error("a task ended before the last answer")
			}
		}
		if again.Load() && r.URL.Path != "/slow" {
			w.WriteHeader(http.StatusServiceUnavailable)
		}
	}), func(g *Group) {
		g.DrainPeriod, g.Drain = 400*time.Millisecond, func() { again.Store(true) }
		g.Tasks = []Task{{"task", func(ctx context.Context) error { <-ctx.Done(); taskEnded.Store(true); return nil }}}
	})
	get1(t, p.client, p.base)

	var ok, comeAgain, refused atomic.Int64
	quit := make(chan struct{})
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for {
				select {
				case <-quit:
					return
				default:
				}
				response, err := p.client.Get(p.base)
				var op *net.OpError
				switch {
				case errors.As(err, &op) && op.Op == "dial", errors.Is(err, syscall.ECONNRESET):
					// Never taken by the listener.
					refused.Add(1)
					return
				case err != nil:
					t.Errorf("a call was lost: %v", err)
					return
				case response.StatusCode == http.StatusOK:
					ok.Add(1)
				default:
					comeAgain.Add(1)
				}
				response.Body.Close()
				time.Sleep(time.Millisecond)
			}
		})
	}
	slow := make(chan error, 1)
	go func() {
		response, err := p.client.Get(p.base + "/slow")
		if err == nil {
			response.Body.Close()
		}
		slow <- err
	}()
	eventually(t, "the slow call", asked.Load)
	before := ok.Load()
	p.stop()
	eventually(t, "readiness to fail", func() bool {
		response, err := http.Get(p.operations + "/readyz")
		if err != nil {
			return false
		}
		defer response.Body.Close()
		return response.StatusCode == http.StatusServiceUnavailable
	})
	if response, _ := get1(t, p.client, p.base); !response.Close {
		t.Error("callers are not asked to come on another connection")
	}
	if err := <-p.done; err != nil {
		t.Errorf("Run = %v, want nil after a drain", err)
	}
	if err := <-slow; err != nil {
		t.Errorf("the call under way was lost: %v", err)
	}
	close(quit)
	callers.Wait()
	if ok.Load() <= before || comeAgain.Load() == 0 {
		t.Errorf("%d answered while draining, %d told to come again", ok.Load()-before, comeAgain.Load())
	}
	if !taskEnded.Load() {
		t.Error("the task goes on")
	}
	t.Logf("answered %d, told to come again %d, refused at the door %d", ok.Load(), comeAgain.Load(), refused.Load())
}

func TestTaskThatEndsEndsTheProcess(t *testing.T) {
	boom := errors.New("boom")
	for name, end := range map[string]error{"with an error": boom, "without one": nil} {
		t.Run(name, func(t *testing.T) {
			p := start(t, http.NotFoundHandler(), func(g *Group) {
				g.Tasks = []Task{{"cache", func(context.Context) error { return end }}}
			})
			err := <-p.done
			if err == nil || !strings.Contains(err.Error(), "cache") || end != nil && !errors.Is(err, end) {
				t.Errorf("Run = %v", err)
			}
		})
	}
}

func TestListenNamesItsPurpose(t *testing.T) {
	first, err := Listen("webhook listener", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer first.Close()
	_, err = Listen("webhook listener", first.Addr().String())
	if err == nil || !strings.Contains(err.Error(), "webhook listener") || !strings.Contains(err.Error(), "in use") {
		t.Errorf("a port in use: %v", err)
	}
}
