package launch

import (
	"gatehouse.dev/gatehouse/test/cluster/process"
)

const provisionerName = "provisioner-0"

// gatehouseSpecs are Gatehouse's servers and the forwarder in front of the webhooks.
func (r *run) gatehouseSpecs() []process.Spec {
	forwarder := process.Spec{
		Name:    "forwarder",
		Path:    r.dir.Bin("cluster"),
		Args:    []string{"forward", "--listen", r.addresses.forwarder},
		Address: r.addresses.forwarder,
		Ready:   process.Probe{TCP: r.addresses.forwarder},
		Layer:   process.LayerControl,
	}
	for _, backend := range r.addresses.webhooks {
		forwarder.Args = append(forwarder.Args, "--to", backend)
	}
	specs := []process.Spec{forwarder, {
		Name: provisionerName,
		Path: r.dir.Bin("provisioner"),
		Args: []string{
			"--config", r.dir.Config("gatehouse.yaml"),
			"--kubeconfig", r.dir.Credential("gatehouse-provisioner.yaml"),
			"--metrics-listen", r.addresses.provisionerMetrics,
			"--identity", provisionerName,
			"--usage-records", r.dir.Path("logs", "usage-records.jsonl"),
		},
		Address: r.addresses.provisionerMetrics,
		Ready:   process.Probe{URL: "http://" + r.addresses.provisionerMetrics + "/readyz"},
		Layer:   process.LayerGatehouse,
	}}
	for i := range r.addresses.webhooks {
		specs = append(specs, process.Spec{
			Name: webhookName(i),
			Path: r.dir.Bin("webhook"),
			Args: []string{
				"--config", r.dir.Config("gatehouse.yaml"),
				"--kubeconfig", r.dir.Credential("gatehouse-webhook.yaml"),
				"--listen", r.addresses.webhooks[i],
				"--metrics-listen", r.addresses.webhookMetrics[i],
				"--identity", webhookName(i),
				"--decision-log", r.dir.DecisionLog(),
			},
			Address: r.addresses.webhooks[i],
			Ready:   process.Probe{URL: "http://" + r.addresses.webhookMetrics[i] + "/readyz"},
			Layer:   process.LayerGatehouse,
		})
	}
	return specs
}
