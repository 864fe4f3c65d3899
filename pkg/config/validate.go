package config

import (
	"net"
	"slices"
	"strconv"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

// maxTenantName is the longest name of a Tenant; a namespace is its prefix plus that.
const maxTenantName = 40

// maxAlias keeps <alias>:<sub> readable and the matchConditions short.
const maxAlias = 32

// minRotationPeriod bounds how fast the keyring, which is one Secret, grows.
const minRotationPeriod = time.Hour

// reservedAliases are prefixes of user names that no issuer may produce.
var reservedAliases = []string{"system", "gatehouse", "platform"}

// everyone are groups that are no choice of people: naming one a platform admin would
// open the house.
var everyone = []string{
	"system:authenticated", "system:unauthenticated", "system:serviceaccounts", "gatehouse:users",
}

// Validate lists everything that is wrong, each with its path.
func (c *Config) Validate() field.ErrorList {
	var all field.ErrorList
	all = append(all, c.validateFormat()...)
	all = append(all, c.validateNamespaces()...)
	all = append(all, validateIssuers(c.Issuers, field.NewPath("issuers"))...)
	all = append(all, c.validateSubjects(c.PlatformAdmins, field.NewPath("platformAdmins"))...)
	all = append(all, c.validateSubjects(c.BreakGlass, field.NewPath("breakGlass"))...)
	all = append(all, c.validateSubjects(c.Auditors, field.NewPath("auditors"))...)
	all = append(all, c.validateOnboarding(field.NewPath("onboarding"))...)
	all = append(all, c.validateControllers(field.NewPath("controllers"))...)
	all = append(all, validateOwnerKinds(c.OwnerKinds, field.NewPath("ownerKinds"))...)
	all = append(all, c.validateWebhook(field.NewPath("webhook"))...)
	passport := field.NewPath("passport")
	if period := c.Passport.RotationPeriod.Duration; period < minRotationPeriod {
		all = append(all, field.Invalid(passport.Child("rotationPeriod"), period.String(), "must be at least "+minRotationPeriod.String()+": every key stays in the keyring"))
	}
	all = append(all, names(c.Passport.Groups, passport.Child("groups"))...)
	all = append(all, c.Gatekeeper.validate(field.NewPath("gatekeeper"))...)
	all = append(all, validatePodTemplates(c.PodTemplates, field.NewPath("podTemplates"))...)
	all = append(all, validateAudit(c.Audit, field.NewPath("audit"))...)
	all = append(all, validatePolicyBundles(c.PolicyBundles, field.NewPath("policyBundles"))...)
	all = append(all, c.validateQuota(field.NewPath("quota"))...)
	all = append(all, validateSessions(c.Sessions, field.NewPath("sessions"))...)
	all = append(all, validateRecordings(c.Recordings, field.NewPath("recordings"))...)
	return all
}

func (c *Config) validateFormat() field.ErrorList {
	var all field.ErrorList
	if c.APIVersion != APIVersion {
		all = append(all, field.NotSupported(field.NewPath("apiVersion"), c.APIVersion, []string{APIVersion}))
	}
	if c.Kind != Kind {
		all = append(all, field.NotSupported(field.NewPath("kind"), c.Kind, []string{Kind}))
	}
	return all
}

func (c *Config) validateNamespaces() field.ErrorList {
	var all field.ErrorList
	system, prefix := field.NewPath("systemNamespace"), field.NewPath("tenantNamespacePrefix")
	for _, problem := range validation.IsDNS1123Label(c.SystemNamespace) {
		all = append(all, field.Invalid(system, c.SystemNamespace, problem))
	}
	for _, problem := range validation.IsDNS1123Label(c.TenantNamespacePrefix + "a") {
		all = append(all, field.Invalid(prefix, c.TenantNamespacePrefix, problem))
	}
	if !strings.HasSuffix(c.TenantNamespacePrefix, "-") {
		all = append(all, field.Invalid(prefix, c.TenantNamespacePrefix, "must end in a dash"))
	}
	if longest := validation.DNS1123LabelMaxLength - maxTenantName; len(c.TenantNamespacePrefix) > longest {
		all = append(all, field.TooLong(prefix, c.TenantNamespacePrefix, longest))
	}
	if c.TenantNamespacePrefix != "" && strings.HasPrefix(c.SystemNamespace, c.TenantNamespacePrefix) {
		all = append(all, field.Invalid(system, c.SystemNamespace, "must not look like a tenant's namespace"))
	}
	return all
}

func validateIssuers(issuers []Issuer, path *field.Path) field.ErrorList {
	var all field.ErrorList
	primaries := 0
	seen := map[string]bool{}
	for i, issuer := range issuers {
		at := path.Index(i).Child("alias")
		for _, problem := range validation.IsDNS1123Label(issuer.Alias) {
			all = append(all, field.Invalid(at, issuer.Alias, problem))
		}
		switch {
		case len(issuer.Alias) > maxAlias:
			all = append(all, field.TooLong(at, issuer.Alias, maxAlias))
		case slices.Contains(reservedAliases, issuer.Alias):
			all = append(all, field.Invalid(at, issuer.Alias, "is reserved, as are "+strings.Join(reservedAliases, ", ")))
		case seen[issuer.Alias]:
			all = append(all, field.Duplicate(at, issuer.Alias))
		}
		seen[issuer.Alias] = true
		if issuer.Primary {
			primaries++
		}
	}
	if primaries != 1 {
		all = append(all, field.Invalid(path, primaries, "exactly one issuer must be primary"))
	}
	return all
}

func (c *Config) validateWebhook(path *field.Path) field.ErrorList {
	w := c.Webhook
	var all field.ErrorList
	if problem := address(w.Listen); problem != "" {
		all = append(all, field.Invalid(path.Child("listen"), w.Listen, problem))
	}
	if len(w.DNSNames) == 0 {
		all = append(all, field.Required(path.Child("dnsNames"), "the certificate needs at least one name"))
	}
	for i, name := range w.DNSNames {
		for _, problem := range validation.IsDNS1123Subdomain(name) {
			all = append(all, field.Invalid(path.Child("dnsNames").Index(i), name, problem))
		}
	}
	if w.MaxBodyBytes <= 0 {
		all = append(all, field.Invalid(path.Child("maxBodyBytes"), w.MaxBodyBytes, "must be positive"))
	}
	if w.BytesInFlight < w.MaxBodyBytes {
		all = append(all, field.Invalid(path.Child("bytesInFlight"), w.BytesInFlight, "must be at least maxBodyBytes"))
	}
	all = append(all, positive(w.EvaluationTimeout, path.Child("evaluationTimeout"))...)
	if w.EvaluationTimeout.Duration >= c.Quota.WebhookTimeout.Duration {
		all = append(all, field.Invalid(path.Child("evaluationTimeout"), w.EvaluationTimeout.Duration.String(),
			"must be less than quota.webhookTimeout"))
	}
	if w.DrainPeriod.Duration < 0 {
		all = append(all, field.Invalid(path.Child("drainPeriod"), w.DrainPeriod.Duration.String(), "must not be negative"))
	}
	certificate := path.Child("certificate")
	all = append(all, positive(w.Certificate.LeafDuration, certificate.Child("leafDuration"))...)
	if w.Certificate.CADuration.Duration <= w.Certificate.LeafDuration.Duration {
		all = append(all, field.Invalid(certificate.Child("caDuration"), w.Certificate.CADuration.Duration.String(),
			"must be longer than leafDuration"))
	}
	for _, problem := range validation.IsDNS1123Subdomain(w.Certificate.SecretName) {
		all = append(all, field.Invalid(certificate.Child("secretName"), w.Certificate.SecretName, problem))
	}
	return all
}

func (c *Config) validateQuota(path *field.Path) field.ErrorList {
	all := positive(c.Quota.RequestTimeout, path.Child("requestTimeout"))
	all = append(all, validateTimeZone(c.Quota.TimeZone, path.Child("timeZone"))...)
	webhook := path.Child("webhookTimeout")
	if t := c.Quota.WebhookTimeout.Duration; t < time.Second || t > 30*time.Second {
		all = append(all, field.Invalid(webhook, t.String(), "must be between 1s and 30s, as the API server's timeoutSeconds"))
	}
	return all
}

// positive wants a duration above zero.
func positive(d metav1.Duration, path *field.Path) field.ErrorList {
	if d.Duration > 0 {
		return nil
	}
	return field.ErrorList{field.Invalid(path, d.Duration.String(), "must be positive")}
}

// address says what is wrong with a host:port, "" if nothing is.
func address(value string) string {
	_, port, err := net.SplitHostPort(value)
	if err != nil {
		return "must be host:port"
	}
	if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
		return "must end in a port number"
	}
	return ""
}
