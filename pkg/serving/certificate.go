package serving

import (
	"context"
	"crypto/tls"
	"errors"
	"time"

	cmtls "github.com/cert-manager/cert-manager/pkg/server/tls"
	"github.com/cert-manager/cert-manager/pkg/server/tls/authority"
	"k8s.io/client-go/rest"
)

// CertificateSource makes serving certificates and replaces them in time.
type CertificateSource interface {
	// Start blocks until ctx ends, or fails.
	Start(ctx context.Context) error
	// GetCertificate is for tls.Config. It fails while there is none yet.
	GetCertificate(hello *tls.ClientHelloInfo) (*tls.Certificate, error)
	// Healthy reports whether there is a certificate.
	Healthy() bool
}

var (
	_ CertificateSource = &cmtls.DynamicSource{}
	_ CertificateSource = &TrustGate{}
)

// Authority says where the certificate authority lives and what its leaves are for.
type Authority struct {
	// Config connects to the API server.
	Config *rest.Config
	// Namespace and Name of the Secret that holds the authority. It is made, shared
	// by all replicas and renewed.
	Namespace, Name string
	// DNSNames go into every leaf.
	DNSNames []string
	// CADuration and LeafDuration are lifetimes; a leaf is renewed at two thirds.
	CADuration, LeafDuration time.Duration
}

// NewSource makes the source of leaves: an authority in a Secret, signed in process.
func NewSource(a Authority) (CertificateSource, error) {
	switch {
	case a.Config == nil || a.Namespace == "" || a.Name == "":
		return nil, errors.New("serving: the authority needs a connection, a namespace and a Secret")
	case len(a.DNSNames) == 0:
		return nil, errors.New("serving: the certificate needs a DNS name")
	}
	return &cmtls.DynamicSource{
		DNSNames: a.DNSNames,
		Authority: &authority.DynamicAuthority{
			SecretNamespace: a.Namespace,
			SecretName:      a.Name,
			SecretLabels:    map[string]string{"app.kubernetes.io/part-of": "gatehouse"},
			RESTConfig:      a.Config,
			CommonName:      a.Name,
			CADuration:      a.CADuration,
			LeafDuration:    a.LeafDuration,
		},
		RetryInterval: 250 * time.Millisecond,
	}, nil
}
