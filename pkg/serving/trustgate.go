package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/go-logr/logr"
	"golang.org/x/sync/errgroup"
)

// Times of the gate.
const (
	// settle is how long the new leaf must be trusted before it is served: the API
	// server's own watch of the webhook configuration may lag behind ours.
	settle = 5 * time.Second
	// skew is how far the API server's clock may be behind ours: a leaf is not
	// back-dated, so it is held for that long after its NotBefore.
	skew = 60 * time.Second
	// lastMoment before the end of the served leaf the new one is taken as it is.
	lastMoment = 2 * time.Minute
	// poll is how often source and bundles are looked at.
	poll = time.Second
)

// errNoCertificate is what a handshake gets before the first leaf.
var errNoCertificate = errors.New("serving: no certificate yet")

// TrustGate serves the leaf of another source, but goes on serving the old one until
// the API server trusts the new. A source that rotates its authority signs with it at
// once; without the gate every call fails until the caBundle has followed.
//
// A first leaf is served at once: nothing is trusted yet, and the caBundle is written
// from the same authority. Trusted then says when calls can come.
type TrustGate struct {
	Source CertificateSource
	// Bundles are the caBundles (PEM) of all our webhooks as the API server has them
	// now. Empty: not known, nothing is trusted.
	Bundles func() [][]byte
	// DNSName is the name that the API server verifies.
	DNSName string
	Logger  logr.Logger
	// Now is the clock; nil means time.Now.
	Now func() time.Time

	mu           sync.RWMutex
	served       *leaf
	next         *leaf
	trustedSince time.Time // of next; zero while it is not
	trusted      error     // of served; nil when every bundle verifies it
}

// Start runs the source and the gate until ctx ends.
func (g *TrustGate) Start(ctx context.Context) error {
	group, ctx := errgroup.WithContext(logr.NewContext(ctx, g.Logger))
	group.Go(func() error {
		err := g.Source.Start(ctx)
		if err == nil && ctx.Err() == nil {
			err = errors.New("it stopped by itself")
		}
		if err != nil && ctx.Err() == nil {
			return fmt.Errorf("certificate source: %w", err)
		}
		return nil
	})
	group.Go(func() error {
		// Until the first leaf is there, look more often: readiness waits for it.
		wait := poll / 10
		for {
			g.check()
			if g.Healthy() {
				wait = poll
			}
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(wait):
			}
		}
	})
	return group.Wait()
}

// GetCertificate gives the served leaf.
func (g *TrustGate) GetCertificate(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.served == nil {
		return nil, errNoCertificate
	}
	return g.served.pair, nil
}

// Healthy reports whether there is a leaf to serve.
func (g *TrustGate) Healthy() bool {
	g.mu.RLock()
	defer g.mu.RUnlock()
	return g.served != nil
}

// Trusted is nil when every caBundle verifies the served leaf now, else it says what
// stands against it.
func (g *TrustGate) Trusted() error {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.served == nil {
		return errNoCertificate
	}
	return g.trusted
}

// NotAfter is the end of the served leaf, the zero time without one.
func (g *TrustGate) NotAfter() time.Time {
	g.mu.RLock()
	defer g.mu.RUnlock()
	if g.served == nil {
		return time.Time{}
	}
	return g.served.NotAfter
}

// check looks at source and bundles once. Only Start calls it.
func (g *TrustGate) check() {
	now := g.now()
	bundles := g.Bundles()
	candidate, err := g.candidate()
	g.mu.Lock()
	defer g.mu.Unlock()
	if err == nil && (g.served == nil || !candidate.equal(g.served)) {
		g.consider(candidate, bundles, now)
	}
	if g.served != nil {
		g.trusted = g.served.verify(bundles, g.DNSName, now)
	}
}

// candidate is the leaf that the source has now.
func (g *TrustGate) candidate() (*leaf, error) {
	pair, err := g.Source.GetCertificate(nil)
	if err != nil {
		return nil, err
	}
	l, err := newLeaf(pair)
	if err != nil {
		g.Logger.Error(err, "the certificate source gave a leaf that cannot be read")
	}
	return l, err
}

// consider takes the candidate in place of the served leaf, or waits.
func (g *TrustGate) consider(candidate *leaf, bundles [][]byte, now time.Time) {
	if g.next == nil || !candidate.equal(g.next) {
		g.next, g.trustedSince = candidate, time.Time{}
		if g.served != nil {
			g.Logger.Info("new serving certificate, waiting until it is trusted", "serial", candidate.serial(), "notAfter", candidate.NotAfter)
		}
	}
	untrusted := candidate.verify(bundles, g.DNSName, now)
	switch {
	case untrusted != nil:
		g.trustedSince = time.Time{}
	case g.trustedSince.IsZero():
		g.trustedSince = now
	}
	if why := g.reason(candidate, untrusted, bundles, now); why != "" {
		g.Logger.Info("serving certificate", "serial", candidate.serial(), "notAfter", candidate.NotAfter, "reason", why)
		g.served, g.next, g.trustedSince = candidate, nil, time.Time{}
	}
}

// reason says why the candidate is served from now on, "" if it is not.
func (g *TrustGate) reason(candidate *leaf, untrusted error, bundles [][]byte, now time.Time) string {
	switch {
	case g.served == nil:
		return "it is the first"
	case !now.Before(g.served.NotAfter.Add(-lastMoment)):
		return "the old one is about to expire"
	case g.served.verify(bundles, g.DNSName, now) != nil && len(bundles) > 0:
		// The old one is of no use any more; the caBundle is written from the newest
		// authority, so the newest leaf is the best guess even where it is not
		// trusted yet.
		return "the old one is not trusted"
	case untrusted != nil || now.Sub(g.trustedSince) < settle:
		return ""
	case now.Before(candidate.NotBefore.Add(skew)):
		return ""
	}
	return "it is trusted"
}

func (g *TrustGate) now() time.Time {
	if g.Now != nil {
		return g.Now()
	}
	return time.Now()
}
