package provision

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	admissionv1 "k8s.io/api/admissionregistration/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/controller-runtime/pkg/client"
)

var today = time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)

func certificate(t *testing.T, name string, isCA bool, notAfter time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: name},
		NotBefore: today.Add(-time.Hour), NotAfter: notAfter, IsCA: isCA, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func names(bundle []byte) []string {
	var out []string
	for _, c := range certificates(bundle) {
		out = append(out, c.Subject.CommonName)
	}
	return out
}

func TestBundle(t *testing.T) {
	valid, past := today.Add(time.Hour), today
	next, present := certificate(t, "next", true, valid), certificate(t, "present", true, valid)
	expired, leaf := certificate(t, "expired", true, past), certificate(t, "leaf", false, valid)
	old1, old2 := certificate(t, "old1", true, valid), certificate(t, "old2", true, valid)
	tests := map[string]struct {
		ca, last []byte
		want     []string
	}{
		"the first":             {present, nil, []string{"present"}},
		"nothing new":           {present, present, []string{"present"}},
		"a rotation keeps both": {next, present, []string{"next", "present"}},
		"and goes on doing so":  {next, slices.Concat(next, present), []string{"next", "present"}},
		"an expired one goes":   {next, expired, []string{"next"}},
		"a leaf is nobody's CA": {next, leaf, []string{"next"}},
		"not without end":       {next, slices.Concat(present, old1, old2), []string{"next", "present", "old1"}},
		"rubbish is left out":   {next, []byte("rubbish"), []string{"next"}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, names(bundle(tt.ca, tt.last, today))); diff != "" {
				t.Errorf("bundle (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCABundles(t *testing.T) {
	ca := certificate(t, "ca", true, today.Add(time.Hour))
	url := "https://localhost:9443/validate/tenant"
	world := func() []client.Object {
		return []client.Object{
			&admissionv1.MutatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: webhookName},
				Webhooks: []admissionv1.MutatingWebhook{{Name: "mutate-tenant.gatehouse.dev", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}}}},
			&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: webhookName},
				Webhooks: []admissionv1.ValidatingWebhook{
					{Name: "tenant.gatehouse.dev", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}},
					{Name: "guests.gatehouse.dev", ClientConfig: admissionv1.WebhookClientConfig{URL: &url}},
				}},
			&admissionv1.ValidatingWebhookConfiguration{ObjectMeta: metav1.ObjectMeta{Name: "another"},
				Webhooks: []admissionv1.ValidatingWebhook{{Name: "a.example.com"}}},
		}
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: system, Name: "gatehouse-webhook-ca"}, Data: map[string][]byte{caKey: ca}}
	reconciler := func(s *server) *caBundles {
		return &caBundles{Client: s, secret: client.ObjectKeyFromObject(secret), now: func() time.Time { return today }}
	}

	s := newServer(t, append(world(), secret)...)
	r := reconciler(s)
	if _, err := r.Reconcile(t.Context(), request(webhookName)); err != nil {
		t.Fatal(err)
	}
	var mutating admissionv1.MutatingWebhookConfiguration
	var validating, other admissionv1.ValidatingWebhookConfiguration
	for name, o := range map[string]client.Object{webhookName: &validating, "another": &other} {
		if err := s.Get(t.Context(), client.ObjectKey{Name: name}, o); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Get(t.Context(), client.ObjectKey{Name: webhookName}, &mutating); err != nil {
		t.Fatal(err)
	}
	configs := []admissionv1.WebhookClientConfig{mutating.Webhooks[0].ClientConfig}
	for _, w := range validating.Webhooks {
		configs = append(configs, w.ClientConfig)
	}
	if len(configs) != 3 {
		t.Fatalf("%d webhooks, want 3", len(configs))
	}
	for i, c := range configs {
		if diff := cmp.Diff(admissionv1.WebhookClientConfig{URL: &url, CABundle: ca}, c); diff != "" {
			t.Errorf("webhook %d (-want +got):\n%s", i, diff)
		}
	}
	if len(other.Webhooks[0].ClientConfig.CABundle) != 0 {
		t.Error("another configuration was changed")
	}
	if n := s.written(func() { _, _ = r.Reconcile(t.Context(), request(webhookName)) }); n != 0 {
		t.Errorf("%d writes with nothing to change", n)
	}

	empty := secret.DeepCopy()
	empty.Data = map[string][]byte{caKey: []byte("not yet")}
	s = newServer(t, append(world(), empty)...)
	if n := s.written(func() {
		if _, err := reconciler(s).Reconcile(t.Context(), request(webhookName)); err == nil {
			t.Error("a Secret without a certificate is no error")
		}
	}); n != 0 {
		t.Errorf("%d writes without a certificate", n)
	}
}
