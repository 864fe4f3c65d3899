package apiserver

import (
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	authenticationv1 "k8s.io/api/authentication/v1"
	flowcontrolv1 "k8s.io/api/flowcontrol/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"gatehouse.dev/gatehouse/test/conformance"
)

// metrics reads a process's metrics.
func (c *cluster) metrics(ctx SpecContext, process string) map[string]*dto.MetricFamily {
	GinkgoHelper()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.env["METRICS_URL_"+process], nil)
	Expect(err).NotTo(HaveOccurred())
	response, err := http.DefaultClient.Do(request)
	Expect(err).NotTo(HaveOccurred())
	defer func() { _ = response.Body.Close() }()
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(response.Body)
	Expect(err).NotTo(HaveOccurred())
	return families
}

// decided is how many reviews a replica has answered.
func (c *cluster) decided(ctx SpecContext, replica int) uint64 {
	GinkgoHelper()
	family, some := c.metrics(ctx, fmt.Sprintf("WEBHOOK_%d", replica))["gatehouse_admission_duration_seconds"]
	if !some {
		return 0 // it was just started, by a spec before this one
	}
	Expect(family.GetType()).To(Equal(dto.MetricType_HISTOGRAM))
	var n uint64
	for _, m := range family.GetMetric() {
		n += m.GetHistogram().GetSampleCount()
	}
	return n
}

var _ = Describe("The webhooks", Ordered, func() {
	It("share the work, each replica at least a fifth of it", func(ctx SpecContext) {
		alice := home.as("alice")
		before := []uint64{home.decided(ctx, 0), home.decided(ctx, 1)}
		var clients sync.WaitGroup
		for range 8 {
			clients.Go(func() {
				defer GinkgoRecover()
				for range 150 {
					_, err := alice.dynamic.Resource(sessions).Namespace(aliceNS).Create(ctx, parse(conformance.Filler(1)), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})
					Expect(err).NotTo(HaveOccurred())
				}
			})
		}
		clients.Wait()
		first, second := home.decided(ctx, 0)-before[0], home.decided(ctx, 1)-before[1]
		share := 100 * float64(min(first, second)) / float64(first+second)
		report("of %d reviews of 8 clients the replica with less decided %.0f %% (promised: 20 %%)", first+second, share)
		Expect(first + second).To(BeNumerically(">=", 2*8*150))
		Expect(share).To(BeNumerically(">=", 20))
	}, SpecTimeout(time.Minute))

	It("are never behind what waits for them: a level of their own", func(ctx SpecContext) {
		admin := home.as("admin")
		schemas, err := admin.kube.FlowcontrolV1().FlowSchemas().List(ctx, metav1.ListOptions{})
		Expect(err).NotTo(HaveOccurred())
		names := map[string]string{}
		for _, s := range schemas.Items {
			names[string(s.UID)] = s.Name
			if s.Name == "gatehouse-tenants" {
				// Else a stranger's forbidden writes stand in a tenant's queue.
				Expect(s.Spec.DistinguisherMethod).To(HaveField("Type", flowcontrolv1.FlowDistinguisherMethodByUserType))
			}
		}
		flow := func(config *rest.Config, method string) string {
			transport, err := rest.HTTPClientFor(config)
			Expect(err).NotTo(HaveOccurred())
			request, err := http.NewRequestWithContext(ctx, method, config.Host+"/api/v1/namespaces/"+aliceNS+"/configmaps"+map[string]string{http.MethodDelete: "/of-nobody"}[method], nil)
			Expect(err).NotTo(HaveOccurred())
			response, err := transport.Do(request)
			Expect(err).NotTo(HaveOccurred())
			defer func() { _ = response.Body.Close() }()
			_, _ = io.Copy(io.Discard, response.Body)
			return names[response.Header.Get("X-Kubernetes-Pf-Flowschema-Uid")]
		}
		account := func(name string) *rest.Config {
			token, err := admin.kube.CoreV1().ServiceAccounts("claude-runner-system").CreateToken(ctx, name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
			Expect(err).NotTo(HaveOccurred())
			config := rest.AnonymousClientConfig(admin.config)
			config.BearerToken = token.Status.Token
			return config
		}
		Expect(flow(account("gatehouse-webhook"), http.MethodGet)).To(Equal("gatehouse-webhook"))
		Expect(flow(account("gatehouse-provisioner"), http.MethodGet)).To(Equal("gatehouse-provisioner"))
		Expect(flow(home.as("alice").config, http.MethodPost)).To(Equal("gatehouse-tenants"))
		Expect(flow(home.as("alice").config, http.MethodDelete)).NotTo(HavePrefix("gatehouse-"), "what gives back waits behind what asks")
		for _, other := range []*rest.Config{home.as("alice").config, account("default")} {
			Expect(flow(other, http.MethodGet)).NotTo(HavePrefix("gatehouse-"))
		}
	}, SpecTimeout(time.Minute))

	It("tell how long their answers took, and what they decided", func(ctx SpecContext) {
		families := home.metrics(ctx, "WEBHOOK_0")
		for _, name := range []string{"gatehouse_admission_duration_seconds", "gatehouse_admission_decisions_total", "gatehouse_decision_log_lost_lines_total"} {
			Expect(families).To(HaveKey(name))
		}
		Expect(families["gatehouse_decision_log_lost_lines_total"].GetMetric()[0].GetCounter().GetValue()).To(BeZero())
	}, SpecTimeout(time.Minute))
})
