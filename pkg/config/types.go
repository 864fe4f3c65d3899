package config

import (
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/tenant"
)

// APIVersion and Kind name the format of the file. A file of another version is refused
// rather than guessed at.
const (
	APIVersion = "config.gatehouse.dev/v1alpha1"
	Kind       = "Configuration"
)

// Config is the whole file.
type Config struct {
	APIVersion string `json:"apiVersion"`
	Kind       string `json:"kind"`

	// SystemNamespace is where Gatehouse itself lives.
	SystemNamespace string `json:"systemNamespace"`
	// TenantNamespacePrefix plus a tenant's name is the name of its namespace. It ends
	// in a dash and leaves room for a name of 40 characters.
	TenantNamespacePrefix string `json:"tenantNamespacePrefix"`
	// Issuers are the OIDC issuers that the API server trusts, by their alias.
	Issuers []Issuer `json:"issuers"`
	// PlatformAdmins are warned and audited by tenant rules, not denied.
	PlatformAdmins Subjects `json:"platformAdmins"`
	// BreakGlass names who may do everything in an emergency: each of their writes is
	// allowed, whatever denies it or is broken, and marked and counted as such.
	BreakGlass Subjects `json:"breakGlass,omitzero"`
	// Auditors read what is in every tenant's namespace, but for Secrets.
	Auditors Subjects `json:"auditors,omitzero"`
	// Onboarding says who may create her own Tenant.
	Onboarding tenant.Onboarding `json:"onboarding"`
	// Controllers names who writes on behalf of an owner.
	Controllers Controllers `json:"controllers"`
	// OwnerKinds are kinds, beyond the built-in ones, that may own objects of tenants.
	OwnerKinds []OwnerKind `json:"ownerKinds"`
	Webhook    Webhook     `json:"webhook"`
	Passport   Passport    `json:"passport"`
	// Policies are parameters of built-in policies, by policy and name; what is left out
	// keeps the default that the policy's METADATA says.
	Policies map[string]map[string]any `json:"policies,omitempty"`
	// PolicyDirectories and PolicyBundles bring policies of your own.
	PolicyDirectories []string       `json:"policyDirectories,omitempty"`
	PolicyBundles     []PolicyBundle `json:"policyBundles,omitempty"`
	// PodTemplates are custom resources that become Pods.
	PodTemplates []PodTemplate `json:"podTemplates,omitempty"`
	// Gatekeeper is what templates and constraints need beside themselves.
	Gatekeeper Gatekeeper `json:"gatekeeper,omitzero"`
	// Audit judges what is stored, in the background.
	Audit Audit `json:"audit"`

	Quota Quota `json:"quota"`
	// Sessions says how a ResearchSession is run.
	Sessions   Sessions   `json:"sessions"`
	Recordings Recordings `json:"recordings,omitzero"`
}

// Issuer is one OIDC issuer. Its users are named <alias>:<sub>.
type Issuer struct {
	// Alias is the prefix of user and group names, without the colon.
	Alias string `json:"alias"`
	// Primary marks the one issuer whose plain subs are tenant names.
	Primary bool `json:"primary,omitempty"`
}

// Subjects are groups and users by their full names, compared byte for byte.
type Subjects struct {
	Groups []string `json:"groups,omitempty"`
	Users  []string `json:"users,omitempty"`
}

// Controllers is the configurable part of the caller table.
type Controllers struct {
	// Shared is the user name of a controller-manager that runs all its controllers
	// under one account. Empty: it never does.
	Shared string `json:"shared,omitempty"`
	// Extra rows are appended to the built-in caller table.
	Extra []tenant.ControllerRule `json:"extra,omitempty"`
}

// OwnerKind is a kind whose objects may own objects of tenants, so that the webhook keeps
// them in its cache of owners; its account needs get, list and watch for them. Resource is
// the plural under which they are watched; empty means the lower-case kind plus "s".
type OwnerKind struct {
	Group    string `json:"group,omitempty"`
	Version  string `json:"version"`
	Kind     string `json:"kind"`
	Resource string `json:"resource,omitempty"`
}

// Webhook is what the deciding server needs.
type Webhook struct {
	// Listen is the address of the TLS listener, host:port.
	Listen string `json:"listen"`
	// DNSNames go into the serving certificate.
	DNSNames []string `json:"dnsNames"`
	// MaxBodyBytes is the largest AdmissionReview that is read, in bytes.
	MaxBodyBytes int64 `json:"maxBodyBytes"`
	// BytesInFlight bounds the bodies of all reviews being decided, in bytes.
	BytesInFlight int64 `json:"bytesInFlight"`
	// EvaluationTimeout bounds the evaluation of policies within one review.
	EvaluationTimeout metav1.Duration `json:"evaluationTimeout"`
	// DrainPeriod is how long the server still decides after SIGTERM, telling callers
	// to come on another connection.
	DrainPeriod metav1.Duration `json:"drainPeriod"`
	// Certificate says how the serving certificate is made.
	Certificate Certificate `json:"certificate"`
}

// Certificate is the serving certificate's authority, kept in a Secret of the system
// namespace.
type Certificate struct {
	SecretName   string          `json:"secretName"`
	CADuration   metav1.Duration `json:"caDuration"`
	LeafDuration metav1.Duration `json:"leafDuration"`
}

// Passport is how passports are signed and what they carry.
type Passport struct {
	// RotationPeriod is the age at which the provisioner replaces the signing key, at
	// least an hour.
	RotationPeriod metav1.Duration `json:"rotationPeriod"`
	// EmailAsHash puts sha256:<hex> of the lower-case address in place of it.
	EmailAsHash bool `json:"emailAsHash,omitempty"`
	// Groups are the full group names that a passport may name, beside those that an
	// Organization names.
	Groups []string `json:"groups,omitempty"`
}

// Quota holds the two timeouts from which the expiry of a reservation follows.
type Quota struct {
	// RequestTimeout is the API server's --request-timeout.
	RequestTimeout metav1.Duration `json:"requestTimeout"`
	// WebhookTimeout is timeoutSeconds of our webhooks.
	WebhookTimeout metav1.Duration `json:"webhookTimeout"`
	// TimeZone says when days and months of limits begin: a name of the IANA database,
	// "" for UTC.
	TimeZone string `json:"timeZone,omitempty"`
}
