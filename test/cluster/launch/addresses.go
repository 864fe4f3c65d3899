package launch

import (
	"fmt"
	"strconv"
	"strings"

	"gatehouse.dev/gatehouse/test/cluster/state"
)

// gatehouseAddresses are host:port of Gatehouse's own servers; empty when only the
// control plane is started.
type gatehouseAddresses struct {
	forwarder          string
	webhooks           []string
	webhookMetrics     []string
	provisionerMetrics string
}

func newGatehouseAddresses(replicas int) gatehouseAddresses {
	return gatehouseAddresses{webhooks: make([]string, replicas), webhookMetrics: make([]string, replicas)}
}

// add asks for a port for each of them, by name.
func (a *gatehouseAddresses) add(wanted map[string]*string) {
	wanted["webhook"] = &a.forwarder
	wanted["provisioner-0-metrics"] = &a.provisionerMetrics
	for i := range a.webhooks {
		wanted[webhookName(i)] = &a.webhooks[i]
		wanted[webhookName(i)+"-metrics"] = &a.webhookMetrics[i]
	}
}

func webhookName(i int) string { return fmt.Sprintf("webhook-%d", i) }

// env adds what scripts and tests need to reach the servers. METRICS_URL is the first
// replica's; METRICS_URL_<PROCESS> are everybody's.
func (a gatehouseAddresses) env(env state.Env) {
	env["REPLICAS"] = strconv.Itoa(len(a.webhooks))
	if a.forwarder == "" {
		return
	}
	env["WEBHOOK_URL"] = a.url()
	env["METRICS_URL"] = "http://" + a.webhookMetrics[0] + "/metrics"
	env["METRICS_URL_PROVISIONER_0"] = "http://" + a.provisionerMetrics + "/metrics"
	for i := range a.webhooks {
		env["METRICS_URL_WEBHOOK_"+strconv.Itoa(i)] = "http://" + a.webhookMetrics[i] + "/metrics"
		env["WEBHOOK_ADDRESS_"+strconv.Itoa(i)] = a.webhooks[i]
	}
}

// url is where the API server finds the webhooks: by name, not by address, as their
// certificate says.
func (a gatehouseAddresses) url() string {
	_, port, _ := strings.Cut(a.forwarder, ":")
	return "https://localhost:" + port
}
