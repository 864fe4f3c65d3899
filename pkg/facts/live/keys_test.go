package live

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	clientgoscheme "k8s.io/client-go/kubernetes/scheme"
	"sigs.k8s.io/controller-runtime/pkg/cache/informertest"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func keySecret(t *testing.T, keys ...passport.Key) *corev1.Secret {
	t.Helper()
	ring, err := passport.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "keys"}, Data: ring.SecretData()}
}

func testKey(id string, state passport.State) passport.Key {
	return passport.Key{ID: id, State: state, Secret: []byte(strings.Repeat(id, 32))}
}

func TestKeysTellOfNewsOnly(t *testing.T) {
	var changed, failed int
	k := &Keys{Namespace: "system", Name: "keys", Changed: func() { changed++ }, Failed: func(error) { failed++ }}
	for i, step := range []struct {
		secret          *corev1.Secret
		changed, failed int
		active          string
	}{
		{keySecret(t, testKey("a", passport.Active)), 1, 0, "a"},
		{keySecret(t, testKey("a", passport.Active)), 1, 0, "a"},
		{keySecret(t, testKey("a", passport.Active), testKey("b", passport.Pending)), 2, 0, "a"},
		{keySecret(t, testKey("a", passport.VerifyOnly), testKey("b", passport.Active)), 3, 0, "b"},
		{&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "keys"}}, 3, 1, "b"},
		{&corev1.Secret{ObjectMeta: metav1.ObjectMeta{Namespace: "system", Name: "other"}}, 3, 1, "b"},
		{keySecret(t, testKey("a", passport.VerifyOnly), testKey("b", passport.Revoked)), 4, 1, ""},
	} {
		k.load(step.secret)
		if changed != step.changed || failed != step.failed || k.Keyring().Active() != step.active {
			t.Errorf("step %d: changed %d, failed %d, active %q; want %d, %d, %q", i, changed, failed, k.Keyring().Active(), step.changed, step.failed, step.active)
		}
	}
}

func TestHurryRenewsBeforeItsTime(t *testing.T) {
	c := fake.NewClientBuilder().WithScheme(clientgoscheme.Scheme).Build()
	reports := make(chan string, 1)
	h := &Heartbeat{
		Cache: &informertest.FakeInformers{Scheme: clientgoscheme.Scheme}, Client: c, Reader: c,
		Namespace: "system", Name: LeasePrefix + "0", Holder: "0", Period: time.Hour,
		Report: func() map[string]string { return map[string]string{AnnotationKeys: <-reports} },
		Failed: func(err error) { t.Error(err) },
	}
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	reported := func(want ...string) {
		t.Helper()
		var got []string
		for range 500 { // 5 s for what takes microseconds
			lease := &coordinationv1.Lease{}
			if c.Get(t.Context(), client.ObjectKey{Namespace: "system", Name: LeasePrefix + "0"}, lease) == nil {
				if identity, ok := Replica(lease); !ok || identity != "0" {
					t.Fatalf("identity %q", identity)
				}
				if got = LoadedKeys(lease); cmp.Equal(got, want) {
					return
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
		t.Fatalf("the Lease reports %q, want %q", got, want)
	}
	reports <- "a"
	reported("a")
	reports <- "a,b"
	h.Hurry()
	reported("a", "b")
}

func TestLoadedKeysOfOtherLeases(t *testing.T) {
	lease := &coordinationv1.Lease{ObjectMeta: metav1.ObjectMeta{Name: "gatehouse-provisioner"}}
	if _, ok := Replica(lease); ok {
		t.Error("the provisioner's Lease is taken for a replica's")
	}
	if ids := LoadedKeys(lease); ids != nil {
		t.Errorf("keys %q out of nothing", ids)
	}
}
