package serving

import (
	"context"
	"testing"

	"github.com/google/go-cmp/cmp"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes/fake"
)

func TestLiveBundles(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	config := func(bundle string) admissionregistrationv1.WebhookClientConfig {
		return admissionregistrationv1.WebhookClientConfig{CABundle: []byte(bundle)}
	}
	validating := &admissionregistrationv1.ValidatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "gatehouse"},
		Webhooks:   []admissionregistrationv1.ValidatingWebhook{{ClientConfig: config("c")}},
	}
	client := fake.NewClientset(validating)
	live := NewLiveBundles(client, "gatehouse")
	if live.Synced() == nil {
		t.Error("synced before it started")
	}
	done := make(chan error, 1)
	go func() { done <- live.Start(ctx) }()
	eventually(t, "the first list", func() bool { return live.Synced() == nil })
	if got := live.Bundles(); got != nil {
		t.Errorf("bundles %q while one configuration is missing", got)
	}
	mutating := &admissionregistrationv1.MutatingWebhookConfiguration{
		ObjectMeta: metav1.ObjectMeta{Name: "gatehouse"},
		Webhooks:   []admissionregistrationv1.MutatingWebhook{{ClientConfig: config("a")}, {ClientConfig: config("")}},
	}
	api := client.AdmissionregistrationV1()
	if _, err := api.MutatingWebhookConfigurations().Create(ctx, mutating, metav1.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	want := [][]byte{[]byte("a"), {}, []byte("c")}
	eventually(t, "both configurations", func() bool { return cmp.Equal(want, live.Bundles()) })
	validating.Webhooks[0].ClientConfig.CABundle = []byte("d")
	if _, err := api.ValidatingWebhookConfigurations().Update(ctx, validating, metav1.UpdateOptions{}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the change", func() bool { return cmp.Equal([][]byte{[]byte("a"), {}, []byte("d")}, live.Bundles()) })
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
}
