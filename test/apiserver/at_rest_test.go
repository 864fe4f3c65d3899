package apiserver

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

// raw reads the bytes of one key as etcd keeps them.
func (c *cluster) raw(ctx context.Context, key string) []byte {
	GinkgoHelper()
	body, err := json.Marshal(map[string]string{"key": base64.StdEncoding.EncodeToString([]byte(key))})
	Expect(err).NotTo(HaveOccurred())
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.env["ETCD_URL"]+"/v3/kv/range", bytes.NewReader(body))
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	var found struct {
		Kvs []struct {
			Value []byte `json:"value"`
		} `json:"kvs"`
	}
	Expect(json.NewDecoder(response.Body).Decode(&found)).To(Succeed())
	Expect(found.Kvs).To(HaveLen(1), key)
	return found.Kvs[0].Value
}

var _ = Describe("Secrets", func() {
	It("are encrypted at rest, ours and the tenants'", func(ctx SpecContext) {
		alice, admin := home.as("alice"), home.as("admin")
		const plain = "an-api-key-in-clear-words"
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "at-rest"}, StringData: map[string]string{"key": plain}}
		_, err := alice.kube.CoreV1().Secrets(aliceNS).Create(ctx, secret, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(alice.kube.CoreV1().Secrets(aliceNS).Delete(ctx, "at-rest", metav1.DeleteOptions{})).To(Succeed())
		})
		note := &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "at-rest"}, Data: map[string]string{"key": plain}}
		_, err = alice.kube.CoreV1().ConfigMaps(aliceNS).Create(ctx, note, metav1.CreateOptions{})
		Expect(err).NotTo(HaveOccurred())
		DeferCleanup(func(ctx SpecContext) {
			Expect(alice.kube.CoreV1().ConfigMaps(aliceNS).Delete(ctx, "at-rest", metav1.DeleteOptions{})).To(Succeed())
		})

		By("reading a ConfigMap raw, which shows that this test would see it")
		Expect(home.raw(ctx, "/registry/configmaps/"+aliceNS+"/at-rest")).To(ContainSubstring(plain))

		By("reading the Secrets raw")
		Expect(home.raw(ctx, "/registry/secrets/"+aliceNS+"/at-rest")).To(And(HavePrefix("k8s:enc:"), Not(ContainSubstring(plain))))
		keys, err := admin.kube.CoreV1().Secrets("claude-runner-system").Get(ctx, "gatehouse-passport-keys", metav1.GetOptions{})
		Expect(err).NotTo(HaveOccurred())
		Expect(keys.Data).NotTo(BeEmpty())
		Expect(home.raw(ctx, "/registry/secrets/claude-runner-system/gatehouse-passport-keys")).
			To(And(HavePrefix("k8s:enc:"), Not(ContainSubstring(`"keys"`))))
	}, SpecTimeout(time.Minute))
})
