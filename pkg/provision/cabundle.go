package provision

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
)

// webhookName is the name of both webhook configurations.
const webhookName = "gatehouse"

// caKey is the data key that holds the authority's certificate.
const caKey = "ca.crt"

// maxFormerCAs bounds a bundle: a rotation has one former authority.
const maxFormerCAs = 2

// caBundles tells the API server which authority signs the webhook's certificates.
type caBundles struct {
	client.Client
	// secret holds the authority.
	secret client.ObjectKey
	now    func() time.Time
}

// Reconcile copies the authority into both configurations.
func (r *caBundles) Reconcile(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
	secret := &corev1.Secret{}
	if err := r.Get(ctx, r.secret, secret); err != nil {
		return reconcile.Result{}, client.IgnoreNotFound(err) // its event comes
	}
	ca := secret.Data[caKey]
	if len(certificates(ca)) == 0 {
		return reconcile.Result{}, fmt.Errorf("secret %s: %s holds no certificate", r.secret, caKey)
	}
	var mutating admissionv1.MutatingWebhookConfiguration
	if err := r.Get(ctx, client.ObjectKey{Name: webhookName}, &mutating); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, err
	}
	before := mutating.DeepCopy()
	changed := false
	for i := range mutating.Webhooks {
		changed = r.renew(&mutating.Webhooks[i].ClientConfig, ca) || changed
	}
	if changed {
		if err := r.patch(ctx, before, &mutating); err != nil {
			return retry(fmt.Errorf("mutating webhook configuration %s: %w", webhookName, err))
		}
	}
	var validating admissionv1.ValidatingWebhookConfiguration
	if err := r.Get(ctx, client.ObjectKey{Name: webhookName}, &validating); client.IgnoreNotFound(err) != nil {
		return reconcile.Result{}, err
	}
	was := validating.DeepCopy()
	changed = false
	for i := range validating.Webhooks {
		changed = r.renew(&validating.Webhooks[i].ClientConfig, ca) || changed
	}
	if changed {
		if err := r.patch(ctx, was, &validating); err != nil {
			return retry(fmt.Errorf("validating webhook configuration %s: %w", webhookName, err))
		}
	}
	return reconcile.Result{}, nil
}

// patch merges by the webhooks' names, so that nothing but caBundle is sent.
func (r *caBundles) patch(ctx context.Context, before, after client.Object) error {
	return r.Patch(ctx, after, client.StrategicMergeFrom(before, client.MergeFromWithOptimisticLock{}), client.FieldOwner(fieldManager))
}

func (r *caBundles) renew(c *admissionv1.WebhookClientConfig, ca []byte) (changed bool) {
	next := bundle(ca, c.CABundle, r.now())
	if bytes.Equal(next, c.CABundle) {
		return false
	}
	c.CABundle = next
	return true
}

// bundle is the present authority followed by the former ones of the last bundle that are
// still valid: replicas change their certificates one after the other.
func bundle(ca, last []byte, now time.Time) []byte {
	var out bytes.Buffer
	seen := map[string]bool{}
	add := func(c *x509.Certificate) bool {
		if seen[string(c.Raw)] {
			return false
		}
		seen[string(c.Raw)] = true
		// Writing to memory cannot fail, and Raw has no headers to get wrong.
		_ = pem.Encode(&out, &pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})
		return true
	}
	for _, c := range certificates(ca) {
		add(c)
	}
	former := 0
	for _, c := range certificates(last) {
		if former < maxFormerCAs && c.IsCA && now.Before(c.NotAfter) && add(c) {
			former++
		}
	}
	return out.Bytes()
}

func certificates(data []byte) []*x509.Certificate {
	var out []*x509.Certificate
	for len(data) > 0 {
		var block *pem.Block
		if block, data = pem.Decode(data); block == nil {
			return out
		}
		if c, err := x509.ParseCertificate(block.Bytes); err == nil && block.Type == "CERTIFICATE" {
			out = append(out, c)
		}
	}
	return out
}
