package bundle

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	opa "github.com/open-policy-agent/opa/v1/bundle"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
)

// recorder is a Set that takes what it gets.
type recorder struct {
	mu       sync.Mutex
	revision string
	rule     string
	trouble  string
	refuses  error
}

func (r *recorder) SetOrigin(_ context.Context, o engine.Origin, revision string) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	raw, err := fs.ReadFile(o.Files, "acme/word/rule.rego")
	r.revision, r.rule = revision, string(raw)
	return errors.Join(err, r.refuses)
}

func (r *recorder) Trouble(_, reason string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.trouble = reason
}

func (r *recorder) state() (revision, trouble string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.revision, r.trouble
}

func privateKey(t *testing.T) (private, public []byte) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalECPrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	open, err := x509.MarshalPKIXPublicKey(&key.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: secret}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: open})
}

// tarball packs a bundle, signed with a key unless it is nil.
func tarball(t *testing.T, revision string, private []byte, data map[string]any) []byte {
	t.Helper()
	module := []byte("package acme.word\n\nrevision := \"" + revision + "\"\n")
	b := opa.Bundle{
		Manifest: opa.Manifest{Revision: revision},
		Modules:  []opa.ModuleFile{{URL: "/acme/word/rule.rego", Path: "/acme/word/rule.rego", Raw: module}},
		Data:     orEmpty(data),
	}
	b.Manifest.Init()
	if private != nil {
		if err := b.GenerateSignature(opa.NewSigningConfig(string(private), "ES256", ""), "house", false); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := opa.NewWriter(&out).Write(b); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// orEmpty: a bundle without data has an empty document.
func orEmpty(data map[string]any) map[string]any {
	if data == nil {
		return map[string]any{}
	}
	return data
}

// server serves what is put into it, over TLS.
type server struct {
	*httptest.Server
	body   atomic.Pointer[[]byte]
	status atomic.Int32
	asked  atomic.Int32
}

func newServer(t *testing.T) (s *server, caFile string) {
	t.Helper()
	s = &server{}
	s.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked.Add(1)
		if r.URL.Path != "/policies/house.tar.gz" {
			http.NotFound(w, r)
			return
		}
		if code := s.status.Load(); code != 0 {
			http.Error(w, "away", int(code))
			return
		}
		_, _ = w.Write(*s.body.Load())
	}))
	t.Cleanup(s.Close)
	caFile = filepath.Join(t.TempDir(), "ca.pem")
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw})
	if err := os.WriteFile(caFile, ca, 0o600); err != nil {
		t.Fatal(err)
	}
	return s, caFile
}

// TestPoller serves good and bad bundles one after the other and looks what is in force.
func TestPoller(t *testing.T) {
	private, public := privateKey(t)
	foreign, _ := privateKey(t)
	keyFile := filepath.Join(t.TempDir(), "house.pem")
	if err := os.WriteFile(keyFile, public, 0o600); err != nil {
		t.Fatal(err)
	}
	tampered := bytes.Clone(tarball(t, "9", private, nil))
	s, ca := newServer(t)
	set := &recorder{}
	p, err := NewPoller(config.PolicyBundle{
		Name: "house", URL: s.URL + "/policies/house.tar.gz", CAFile: ca,
		Key:      config.BundleKey{ID: "house", Algorithm: "ES256", PublicKeyFile: keyFile},
		MinDelay: metav1.Duration{Duration: time.Second}, MaxDelay: metav1.Duration{Duration: time.Second}, MinRevision: "3",
	}, set, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	steps := []struct {
		name     string
		body     []byte
		status   int
		revision string
		trouble  string
	}{
		{"older than the floor", tarball(t, "2", private, nil), 0, "", `revision "2" is older than "3"`},
		{"good", tarball(t, "5", private, nil), 0, "5", ""},
		{"the server is away", nil, 503, "5", "Service Unavailable"},
		{"no signature", tarball(t, "6", nil, nil), 0, "5", "signature"},
		{"somebody else's signature", tarball(t, "6", foreign, nil), 0, "5", "signature"},
		{"cut off", tampered[:len(tampered)/2], 0, "5", "EOF"},
		{"no bundle", []byte("<html>"), 0, "5", "archive read failed"},
		{"older", tarball(t, "4", private, nil), 0, "5", `revision "4" is older than "5"`},
		{"a revision that is no order", tarball(t, "stable", private, nil), 0, "5", "neither a number nor"},
		{"data", tarball(t, "7", private, map[string]any{"x": 1}), 0, "5", "the bundle has data"},
		{"newer", tarball(t, "8", private, nil), 0, "8", ""},
	}
	for _, step := range steps {
		t.Run(step.name, func(t *testing.T) {
			s.body.Store(&step.body)
			s.status.Store(int32(step.status))
			_ = p.downloader.Trigger(t.Context())
			revision, trouble := set.state()
			if revision != step.revision {
				t.Errorf("revision %q in force, want %q", revision, step.revision)
			}
			if (step.trouble == "") != (trouble == "") || !strings.Contains(trouble, step.trouble) {
				t.Errorf("trouble %q, want %q in it", trouble, step.trouble)
			}
		})
	}
	t.Run("the set has another rule of its name", func(t *testing.T) {
		// That is for the set to say, for as long as it is so; it may change its mind.
		set.refuses = errors.New("is there already")
		next, older := tarball(t, "11", private, nil), tarball(t, "10", private, nil)
		for _, step := range []struct {
			body    *[]byte
			trouble string
		}{{&next, ""}, {&older, `revision "10" is older than "11"`}} {
			s.body.Store(step.body)
			_ = p.downloader.Trigger(t.Context())
			if revision, trouble := set.state(); revision != "11" || (trouble == "") != (step.trouble == "") || !strings.Contains(trouble, step.trouble) {
				t.Errorf("revision %q, trouble %q, want %q in it", revision, trouble, step.trouble)
			}
		}
		set.refuses = nil
	})
	if !strings.Contains(set.rule, `"11"`) {
		t.Errorf("the rule in force is %q", set.rule)
	}
}

// TestPollerPolls: a new bundle comes into force by itself, and the poller ends.
func TestPollerPolls(t *testing.T) {
	private, public := privateKey(t)
	keyFile := filepath.Join(t.TempDir(), "house.pem")
	if err := os.WriteFile(keyFile, public, 0o600); err != nil {
		t.Fatal(err)
	}
	s, ca := newServer(t)
	first, second := tarball(t, "1", private, nil), tarball(t, "2", private, nil)
	s.body.Store(&first)
	set := &recorder{}
	sources, err := Sources(&config.Config{PolicyBundles: []config.PolicyBundle{{
		Name: "house", URL: s.URL + "/policies/house.tar.gz", CAFile: ca,
		Key:      config.BundleKey{ID: "house", Algorithm: "ES256", PublicKeyFile: keyFile},
		MinDelay: metav1.Duration{Duration: time.Second}, MaxDelay: metav1.Duration{Duration: time.Second},
	}}}, set, logr.Discard())
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	ended := make(chan error, 1)
	go func() { ended <- sources[0].Start(ctx) }()
	for _, want := range []string{"1", "2"} {
		for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
			if revision, _ := set.state(); revision == want {
				break
			}
			if time.Now().After(deadline) {
				t.Fatalf("revision %s did not come into force", want)
			}
		}
		s.body.Store(&second)
	}
	stop()
	if err := <-ended; err != nil {
		t.Error(err)
	}
}

func TestRevision(t *testing.T) {
	tests := []struct {
		have, next string
		refused    bool
	}{
		{"", "1", false}, {"1", "1", false}, {"1", "2", false}, {"10", "9", true}, {"2", "2026-01-01T00:00:00Z", true},
		{"2026-01-01T00:00:00Z", "2026-01-02T00:00:00Z", false}, {"2026-01-02T00:00:00Z", "2026-01-01T00:00:00Z", true},
		{"2026-01-01T00:00:00Z", "99999999999", true},
	}
	for _, tt := range tests {
		var have revision
		if tt.have != "" {
			have, _ = parseRevision(tt.have)
		}
		next, err := parseRevision(tt.next)
		if err != nil {
			t.Fatal(err)
		}
		if got := have.newerThan(next); got != tt.refused {
			t.Errorf("%q after %q: refused %v, want %v", tt.next, tt.have, got, tt.refused)
		}
	}
}

// TestDirectory: what changes in a directory comes into force, what is unreadable leaves
// what was there.
func TestDirectory(t *testing.T) {
	dir := t.TempDir()
	write := func(text string) {
		t.Helper()
		if err := os.MkdirAll(filepath.Join(dir, "acme", "word"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "acme", "word", "rule.rego"), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("one")
	set := &recorder{}
	d := &Directory{Path: dir, Set: set, Logger: logr.Discard()}
	d.look(t.Context())
	if set.rule != "one" {
		t.Fatalf("in force: %q", set.rule)
	}
	write("two")
	d.look(t.Context())
	if set.rule != "two" {
		t.Fatalf("in force after a change: %q", set.rule)
	}
	if err := os.Rename(dir, dir+"-gone"); err != nil {
		t.Fatal(err)
	}
	d.look(t.Context())
	if _, trouble := set.state(); set.rule != "two" || trouble == "" {
		t.Fatalf("in force without a directory: %q, trouble %q", set.rule, trouble)
	}
}
