package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"strings"
	"testing"
	"time"

	cmtls "github.com/cert-manager/cert-manager/pkg/server/tls"
	"github.com/go-logr/logr"
)

func TestColdStart(t *testing.T) {
	a, b := newAuthority(t), newBench(t)
	b.check()
	if _, err := b.GetCertificate(nil); err == nil || b.Healthy() || b.Trusted() == nil || !b.NotAfter().IsZero() {
		t.Error("a certificate before there is one")
	}
	first := b.offer(t, a, time.Hour)
	if b.after(0); !b.serves(first) || !b.Healthy() {
		t.Fatal("the first leaf is not served at once")
	}
	if err := b.Trusted(); err == nil || !strings.Contains(err.Error(), "no webhook configuration") {
		t.Errorf("Trusted before any bundle: %v", err)
	}
	b.bundles = [][]byte{a.bundle(), nil}
	if b.after(time.Second); b.Trusted() == nil {
		t.Error("trusted although one webhook has no caBundle")
	}
	b.bundles = [][]byte{a.bundle(), newAuthority(t).bundle()}
	if b.after(time.Second); b.Trusted() == nil {
		t.Error("trusted although one webhook has a stranger's caBundle")
	}
	b.bundles = [][]byte{a.bundle(), a.bundle()}
	if b.after(time.Second); b.Trusted() != nil {
		t.Errorf("not trusted: %v", b.Trusted())
	}
	b.DNSName = "elsewhere"
	if b.after(time.Second); b.Trusted() == nil {
		t.Error("trusted under another name")
	}
}

func TestRotationWaitsForTrust(t *testing.T) {
	old, fresh, b := newAuthority(t), newAuthority(t), newBench(t)
	first := b.begin(t, old, time.Hour, 2*time.Minute)

	second := b.offer(t, fresh, time.Hour)
	if b.after(5 * time.Minute); !b.serves(first) {
		t.Fatal("a leaf is served that nobody trusts")
	}
	both := append(append([]byte{}, old.bundle()...), fresh.bundle()...)
	b.bundles = [][]byte{both, both}
	if b.after(time.Second); !b.serves(first) {
		t.Error("served at once: the API server may not have seen the bundle yet")
	}
	if b.after(settle - time.Millisecond); !b.serves(first) {
		t.Error("served before the trust has settled")
	}
	if b.after(time.Millisecond); !b.serves(second) || b.Trusted() != nil {
		t.Errorf("not served after the trust has settled: %v", b.Trusted())
	}
}

func TestTrustThatGoesStartsAnew(t *testing.T) {
	old, fresh, b := newAuthority(t), newAuthority(t), newBench(t)
	first := b.begin(t, old, time.Hour, 2*time.Minute)
	second := fresh.leafPair(t, b.now.Add(-2*skew), b.now.Add(time.Hour))
	b.source.set(second)
	both := append(append([]byte{}, old.bundle()...), fresh.bundle()...)
	b.bundles = [][]byte{both}
	b.after(settle - time.Second)
	b.bundles = [][]byte{old.bundle()}
	b.after(time.Second)
	b.bundles = [][]byte{both}
	if b.after(time.Second); !b.serves(first) {
		t.Error("the time before the trust went away counted")
	}
}

func TestNewLeafIsHeldForTheSkew(t *testing.T) {
	a, b := newAuthority(t), newBench(t)
	first := b.begin(t, a, time.Hour, 10*time.Minute)
	second := b.offer(t, a, time.Hour)
	b.after(0)
	if b.after(skew - time.Millisecond); !b.serves(first) {
		t.Error("an API server whose clock is behind would refuse it")
	}
	if b.after(time.Millisecond); !b.serves(second) {
		t.Error("still held")
	}
}

func TestOldLeafAtItsEnd(t *testing.T) {
	old, fresh, b := newAuthority(t), newAuthority(t), newBench(t)
	end := b.now.Add(time.Hour)
	first := b.begin(t, old, time.Hour, time.Minute)
	second := b.offer(t, fresh, 2*time.Hour)
	if b.after(end.Add(-lastMoment).Sub(b.now) - time.Millisecond); !b.serves(first) {
		t.Error("given up too early")
	}
	if b.after(time.Millisecond); !b.serves(second) {
		t.Error("the old leaf is served to its end")
	}
}

func TestOldLeafNobodyTrusts(t *testing.T) {
	old, fresh, b := newAuthority(t), newAuthority(t), newBench(t)
	b.offer(t, old, time.Hour)
	b.bundles = [][]byte{fresh.bundle()}
	if b.after(time.Minute); b.Trusted() == nil {
		t.Error("trusted by a stranger")
	}
	second := b.offer(t, fresh, time.Hour)
	if b.after(0); !b.serves(second) || b.Trusted() != nil {
		t.Errorf("the leaf that is trusted waits for the one that is not: %v", b.Trusted())
	}
	// Without any bundle known, what is served stays.
	b.bundles = nil
	b.offer(t, old, time.Hour)
	if b.after(time.Minute); !b.serves(second) {
		t.Error("swapped without knowing any bundle")
	}
}

func TestUnreadableLeaf(t *testing.T) {
	b := newBench(t)
	for _, pair := range []*tls.Certificate{{}, {Certificate: [][]byte{[]byte("no DER")}}} {
		b.source.set(pair)
		if b.after(0); b.Healthy() {
			t.Error("served what cannot be read")
		}
	}
}

// TestWithTheRealSource drives cert-manager's own source through a rotation.
func TestWithTheRealSource(t *testing.T) {
	a := newAuthority(t)
	gate := &TrustGate{
		Source:  &cmtls.DynamicSource{DNSNames: []string{"localhost"}, Authority: a, RetryInterval: 10 * time.Millisecond},
		DNSName: "localhost", Logger: logr.Discard(),
	}
	original := a.bundle()
	gate.Bundles = func() [][]byte { return [][]byte{original} }
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- gate.Start(ctx) }()
	eventually(t, "a trusted leaf", func() bool { return gate.Trusted() == nil })
	first, err := gate.GetCertificate(nil)
	if err != nil {
		t.Fatal(err)
	}
	a.rotate(t)
	eventually(t, "a new leaf of the source", func() bool {
		candidate, err := gate.Source.GetCertificate(nil)
		return err == nil && candidate != first
	})
	time.Sleep(2 * poll)
	if now, err := gate.GetCertificate(nil); err != nil || now != first {
		t.Error("the gate let an untrusted leaf through")
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Start after its context ended: %v", err)
	}
}

func TestSourceThatFails(t *testing.T) {
	boom := errors.New("boom")
	b := newBench(t)
	b.source.end = boom
	if err := b.Start(context.Background()); !errors.Is(err, boom) {
		t.Errorf("Start = %v, want %v", err, boom)
	}
}

func TestNewSourceNeeds(t *testing.T) {
	if _, err := NewSource(Authority{}); err == nil {
		t.Error("an authority without a connection")
	}
}

func eventually(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for range 1000 {
		if holds() {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("waited 10 s for %s", what)
}
