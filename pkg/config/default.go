package config

import (
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/tenant"
)

// reservationSlack covers clocks and the way back of an answer.
const reservationSlack = 10 * time.Second

// Default returns the configuration that a file is laid over. It names no issuer: that
// one choice has no safe default, so Default alone does not validate.
func Default() *Config {
	return &Config{
		APIVersion:            APIVersion,
		Kind:                  Kind,
		SystemNamespace:       "claude-runner-system",
		TenantNamespacePrefix: "claude-runner-user-",
		PlatformAdmins:        Subjects{Groups: []string{"system:masters"}},
		Onboarding: tenant.Onboarding{
			DefaultOrganization: "individuals",
			DefaultTier:         "standard",
			Cap:                 1000,
		},
		Controllers: Controllers{Shared: "system:kube-controller-manager"},
		Webhook: Webhook{
			Listen:            ":9443",
			DNSNames:          []string{"localhost", "gatehouse-webhook.claude-runner-system.svc"},
			MaxBodyBytes:      7 << 20,
			BytesInFlight:     32 << 20,
			EvaluationTimeout: metav1.Duration{Duration: 2 * time.Second},
			DrainPeriod:       metav1.Duration{Duration: 5 * time.Second},
			Certificate: Certificate{
				SecretName:   "gatehouse-webhook-ca",
				CADuration:   metav1.Duration{Duration: 365 * 24 * time.Hour},
				LeafDuration: metav1.Duration{Duration: 7 * 24 * time.Hour},
			},
		},
		Passport: Passport{RotationPeriod: metav1.Duration{Duration: 720 * time.Hour}},
		Quota: Quota{
			RequestTimeout: metav1.Duration{Duration: 60 * time.Second},
			WebhookTimeout: metav1.Duration{Duration: 5 * time.Second},
		},
		Sessions:   defaultSessions(),
		Recordings: Recordings{Sample: 1, MaxBytes: 256 << 20},
		Audit:      defaultAudit(),
	}
}

// PrimaryAlias is the alias of the one primary issuer, "" if there is none.
func (c *Config) PrimaryAlias() string {
	for _, issuer := range c.Issuers {
		if issuer.Primary {
			return issuer.Alias
		}
	}
	return ""
}

// Aliases are the aliases of all issuers, in the file's order.
func (c *Config) Aliases() []string {
	aliases := make([]string, 0, len(c.Issuers))
	for _, issuer := range c.Issuers {
		aliases = append(aliases, issuer.Alias)
	}
	return aliases
}

// ReservationExpiry is how long an unconfirmed reservation is kept: by then the API
// server has given up on the write that made it.
func (c *Config) ReservationExpiry() time.Duration {
	return c.Quota.RequestTimeout.Duration + c.Quota.WebhookTimeout.Duration + reservationSlack
}
