package serving

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"time"
)

// leaf is a serving certificate with its parsed form.
type leaf struct {
	*x509.Certificate
	pair *tls.Certificate
}

func newLeaf(pair *tls.Certificate) (*leaf, error) {
	if pair == nil || len(pair.Certificate) == 0 {
		return nil, errors.New("no certificate in the pair")
	}
	parsed, err := x509.ParseCertificate(pair.Certificate[0])
	if err != nil {
		return nil, fmt.Errorf("parse the serving certificate: %w", err)
	}
	return &leaf{parsed, pair}, nil
}

func (l *leaf) equal(other *leaf) bool { return bytes.Equal(l.Raw, other.Raw) }

func (l *leaf) serial() string { return l.SerialNumber.Text(16) }

// verify is nil if every bundle leads to the leaf under the given name at the given
// time, as the API server will check it.
func (l *leaf) verify(bundles [][]byte, name string, now time.Time) error {
	if len(bundles) == 0 {
		return errors.New("no webhook configuration of ours has been seen")
	}
	var last []byte
	for i, bundle := range bundles {
		// All webhooks normally carry the same bundle.
		if i > 0 && bytes.Equal(bundle, last) {
			continue
		}
		last = bundle
		roots := x509.NewCertPool()
		if !roots.AppendCertsFromPEM(bundle) {
			return errors.New("a webhook of ours has no caBundle yet")
		}
		if _, err := l.Verify(x509.VerifyOptions{
			DNSName: name, Roots: roots, CurrentTime: now,
			KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		}); err != nil {
			return fmt.Errorf("a caBundle of ours does not trust the served certificate: %w", err)
		}
	}
	return nil
}
