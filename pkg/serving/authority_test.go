package serving

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
)

// testAuthority stands in for the authority in a Secret.
type testAuthority struct {
	mu      sync.Mutex
	cert    *x509.Certificate
	key     *ecdsa.PrivateKey
	watches []chan<- struct{}
}

func newAuthority(t *testing.T) *testAuthority {
	t.Helper()
	a := &testAuthority{}
	a.rotate(t)
	return a
}

// rotate replaces the authority and tells those who watch, as the real one does.
func (a *testAuthority) rotate(t *testing.T) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(t), Subject: pkix.Name{CommonName: "test"}, IsCA: true, BasicConstraintsValid: true,
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(24 * time.Hour), KeyUsage: x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.cert, a.key = cert, key
	for _, watch := range a.watches {
		select {
		case watch <- struct{}{}:
		default:
		}
	}
}

func serial(t *testing.T) *big.Int {
	t.Helper()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (a *testAuthority) bundle() []byte {
	a.mu.Lock()
	defer a.mu.Unlock()
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: a.cert.Raw})
}

func (a *testAuthority) Run(ctx context.Context) error { <-ctx.Done(); return nil }

func (a *testAuthority) WatchRotation(ch chan<- struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.watches = append(a.watches, ch)
}

func (a *testAuthority) StopWatchingRotation(chan<- struct{}) {}

func (a *testAuthority) Sign(template *x509.Certificate) (*x509.Certificate, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	n, err := rand.Int(rand.Reader, big.NewInt(1<<62))
	if err != nil {
		return nil, err
	}
	template.SerialNumber, template.BasicConstraintsValid = n, true
	template.NotBefore, template.NotAfter = time.Now(), time.Now().Add(time.Hour)
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, template.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	return x509.ParseCertificate(der)
}

// leafPair signs a leaf with the given life.
func (a *testAuthority) leafPair(t *testing.T, notBefore, notAfter time.Time) *tls.Certificate {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: serial(t), DNSNames: []string{"localhost"}, NotBefore: notBefore, NotAfter: notAfter,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	der, err := x509.CreateCertificate(rand.Reader, template, a.cert, key.Public(), a.key)
	if err != nil {
		t.Fatal(err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// fixedSource gives what a test puts into it.
type fixedSource struct {
	mu   sync.Mutex
	pair *tls.Certificate
	end  error
}

func (s *fixedSource) Start(ctx context.Context) error {
	if s.end != nil {
		return s.end
	}
	<-ctx.Done()
	return nil
}

func (s *fixedSource) set(pair *tls.Certificate) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pair = pair
}

func (s *fixedSource) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.pair == nil {
		return nil, errors.New("none yet")
	}
	return s.pair, nil
}

func (s *fixedSource) Healthy() bool { return true }

// bench is a gate with everything that moves in the test's hands.
type bench struct {
	*TrustGate
	source  *fixedSource
	now     time.Time
	bundles [][]byte
}

func newBench(t *testing.T) *bench {
	t.Helper()
	// Certificates know whole seconds only.
	b := &bench{source: &fixedSource{}, now: time.Now().Truncate(time.Second)}
	b.TrustGate = &TrustGate{
		Source: b.source, DNSName: "localhost", Logger: logr.Discard(),
		Bundles: func() [][]byte { return b.bundles },
		Now:     func() time.Time { return b.now },
	}
	return b
}

// offer makes the source give a leaf of an authority that lives so long from now.
func (b *bench) offer(t *testing.T, a *testAuthority, life time.Duration) *tls.Certificate {
	t.Helper()
	leaf := a.leafPair(t, b.now, b.now.Add(life))
	b.source.set(leaf)
	return leaf
}

// begin serves the first leaf of an authority whom everybody trusts, and lets time pass.
func (b *bench) begin(t *testing.T, a *testAuthority, life, passed time.Duration) *tls.Certificate {
	t.Helper()
	leaf := b.offer(t, a, life)
	b.bundles = [][]byte{a.bundle()}
	b.after(passed)
	return leaf
}

// after moves the clock and looks again.
func (b *bench) after(d time.Duration) *bench {
	b.now = b.now.Add(d)
	b.check()
	return b
}

// serves reports whether the pair is the served one.
func (b *bench) serves(pair *tls.Certificate) bool {
	got, err := b.GetCertificate(nil)
	return err == nil && got == pair
}
