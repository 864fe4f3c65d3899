package install

import (
	"context"
	"fmt"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

// ConfigurationName is the name of both webhook configurations.
const ConfigurationName = "gatehouse"

// Trusted returns nil once every webhook carries the authority that its caller needs:
// the provisioner puts it there.
func Trusted(ctx context.Context, admin *api.Client) error {
	for _, kind := range []string{"mutatingwebhookconfigurations", "validatingwebhookconfigurations"} {
		configuration, err := admin.Get(ctx, "/apis/admissionregistration.k8s.io/v1/"+kind+"/"+ConfigurationName)
		if err != nil {
			return err
		}
		webhooks, _ := configuration["webhooks"].([]any)
		if len(webhooks) == 0 {
			return fmt.Errorf("%s %s holds no webhooks", kind, ConfigurationName)
		}
		for _, webhook := range webhooks {
			if api.String(webhook, "clientConfig", "caBundle") == "" {
				return fmt.Errorf("webhook %s has no caBundle", api.String(webhook, "name"))
			}
		}
	}
	return nil
}
