package config

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

func valid() *Config {
	c := Default()
	c.Issuers = []Issuer{{Alias: "local", Primary: true}}
	return c
}

func row(identity string) tenant.ControllerRule {
	return tenant.ControllerRule{Identity: identity, Group: "apps", Resource: "deployments",
		Operations: []review.Operation{review.Update}, Mode: tenant.ModeMaintain, Fields: []string{"/status"}}
}

func seconds(n int) metav1.Duration {
	return metav1.Duration{Duration: time.Duration(n) * time.Second}
}

func TestValidate(t *testing.T) {
	tests := map[string]struct {
		change func(*Config)
		want   []string
	}{
		"valid":                    {func(*Config) {}, nil},
		"second issuer":            {func(c *Config) { c.Issuers = append(c.Issuers, Issuer{Alias: "corp"}) }, nil},
		"alias system":             {func(c *Config) { c.Issuers[0].Alias = "system" }, []string{"issuers[0].alias"}},
		"alias gatehouse":          {func(c *Config) { c.Issuers[0].Alias = "gatehouse" }, []string{"issuers[0].alias"}},
		"alias platform":           {func(c *Config) { c.Issuers[0].Alias = "platform" }, []string{"issuers[0].alias"}},
		"alias empty":              {func(c *Config) { c.Issuers[0].Alias = "" }, []string{"issuers[0].alias"}},
		"alias with a colon":       {func(c *Config) { c.Issuers[0].Alias = "a:b" }, []string{"issuers[0].alias"}},
		"alias in capitals":        {func(c *Config) { c.Issuers[0].Alias = "Local" }, []string{"issuers[0].alias"}},
		"alias too long":           {func(c *Config) { c.Issuers[0].Alias = "abcdefghijklmnopqrstuvwxyz0123456" }, []string{"issuers[0].alias"}},
		"alias twice":              {func(c *Config) { c.Issuers = append(c.Issuers, Issuer{Alias: "local"}) }, []string{"issuers[1].alias"}},
		"no primary":               {func(c *Config) { c.Issuers[0].Primary = false }, []string{"issuers"}},
		"two primaries":            {func(c *Config) { c.Issuers = append(c.Issuers, Issuer{Alias: "b", Primary: true}) }, []string{"issuers"}},
		"system namespace empty":   {func(c *Config) { c.SystemNamespace = "" }, []string{"systemNamespace"}},
		"system among tenants":     {func(c *Config) { c.SystemNamespace = "claude-runner-user-x" }, []string{"systemNamespace"}},
		"prefix without dash":      {func(c *Config) { c.TenantNamespacePrefix = "tenant" }, []string{"tenantNamespacePrefix"}},
		"prefix empty":             {func(c *Config) { c.TenantNamespacePrefix = "" }, []string{"tenantNamespacePrefix"}},
		"prefix too long":          {func(c *Config) { c.TenantNamespacePrefix = "a-prefix-without-room-x-" }, []string{"tenantNamespacePrefix"}},
		"everybody an admin":       {func(c *Config) { c.PlatformAdmins.Groups = []string{"gatehouse:users"} }, []string{"platformAdmins.groups[0]"}},
		"anonymous an admin":       {func(c *Config) { c.PlatformAdmins.Groups = []string{"system:unauthenticated"} }, []string{"platformAdmins.groups[0]"}},
		"tenant group an admin":    {func(c *Config) { c.PlatformAdmins.Groups = []string{"system:serviceaccounts:claude-runner-user-a"} }, []string{"platformAdmins.groups[0]"}},
		"tenant account an admin":  {func(c *Config) { c.PlatformAdmins.Users = []string{"system:serviceaccount:claude-runner-user-a:d"} }, []string{"platformAdmins.users[0]"}},
		"empty admin":              {func(c *Config) { c.PlatformAdmins.Users = []string{""} }, []string{"platformAdmins.users[0]"}},
		"admin with a line break":  {func(c *Config) { c.PlatformAdmins.Users = []string{"a\nb"} }, []string{"platformAdmins.users[0]"}},
		"admin twice":              {func(c *Config) { c.PlatformAdmins.Users = []string{"a", "a"} }, []string{"platformAdmins.users[1]"}},
		"onboarding unknown alias": {func(c *Config) { c.Onboarding.Issuers = []string{"corp"} }, []string{"onboarding.issuers[0]"}},
		"onboarding bad domain":    {func(c *Config) { c.Onboarding.Domains = []string{"@initech"} }, []string{"onboarding.domains[0]"}},
		"onboarding no tier":       {func(c *Config) { c.Onboarding.DefaultTier = "" }, []string{"onboarding.defaultTier"}},
		"onboarding bad org":       {func(c *Config) { c.Onboarding.DefaultOrganization = "A B" }, []string{"onboarding.defaultOrganization"}},
		"onboarding cap zero":      {func(c *Config) { c.Onboarding.Cap = 0 }, []string{"onboarding.cap"}},
		"shared is a person":       {func(c *Config) { c.Controllers.Shared = "local:alice" }, []string{"controllers.shared"}},
		"shared is a tenant's":     {func(c *Config) { c.Controllers.Shared = "system:serviceaccount:claude-runner-user-a:d" }, []string{"controllers.shared"}},
		"extra row": {func(c *Config) {
			c.Controllers.Extra = []tenant.ControllerRule{row("system:serviceaccount:argo:server")}
		}, nil},
		"extra row of anybody":  {func(c *Config) { c.Controllers.Extra = []tenant.ControllerRule{row("*")} }, []string{"controllers.extra[0].identity"}},
		"extra row of a person": {func(c *Config) { c.Controllers.Extra = []tenant.ControllerRule{row("local:alice")} }, []string{"controllers.extra[0].identity"}},
		"extra row of a tenant": {func(c *Config) {
			c.Controllers.Extra = []tenant.ControllerRule{row("system:serviceaccount:claude-runner-user-a:d")}
		}, []string{"controllers.extra[0].identity"}},
		"empty extra row": {func(c *Config) { c.Controllers.Extra = []tenant.ControllerRule{{}} }, []string{"controllers.extra[0].identity", "controllers.extra[0].resource", "controllers.extra[0].operations", "controllers.extra[0].mode"}},
		"bad extra row": {func(c *Config) {
			bad := row("a")
			bad.Operations, bad.Mode, bad.Fields = []review.Operation{"*"}, "all", []string{"status"}
			c.Controllers.Extra = []tenant.ControllerRule{bad}
		}, []string{"controllers.extra[0].operations[0]", "controllers.extra[0].mode", "controllers.extra[0].fields[0]"}},
		"owner kind":               {func(c *Config) { c.OwnerKinds = []OwnerKind{{Group: "a.b", Version: "v1", Kind: "Foo"}} }, nil},
		"owner kind bad":           {func(c *Config) { c.OwnerKinds = []OwnerKind{{Group: "A", Version: "1", Kind: ""}} }, []string{"ownerKinds[0].group", "ownerKinds[0].version", "ownerKinds[0].kind"}},
		"owner kind resource":      {func(c *Config) { c.OwnerKinds = []OwnerKind{{Version: "v1", Kind: "F", Resource: "fs/status"}} }, []string{"ownerKinds[0].resource"}},
		"owner kind twice":         {func(c *Config) { k := OwnerKind{Version: "v1", Kind: "F"}; c.OwnerKinds = []OwnerKind{k, k} }, []string{"ownerKinds[1]"}},
		"listen without port":      {func(c *Config) { c.Webhook.Listen = "localhost" }, []string{"webhook.listen"}},
		"listen port too high":     {func(c *Config) { c.Webhook.Listen = ":99999" }, []string{"webhook.listen"}},
		"no DNS name":              {func(c *Config) { c.Webhook.DNSNames = nil }, []string{"webhook.dnsNames"}},
		"bad DNS name":             {func(c *Config) { c.Webhook.DNSNames = []string{"localhost", "a_b"} }, []string{"webhook.dnsNames[1]"}},
		"no body":                  {func(c *Config) { c.Webhook.MaxBodyBytes = 0 }, []string{"webhook.maxBodyBytes"}},
		"budget below a body":      {func(c *Config) { c.Webhook.BytesInFlight = 1 }, []string{"webhook.bytesInFlight"}},
		"evaluation forever":       {func(c *Config) { c.Webhook.EvaluationTimeout = seconds(5) }, []string{"webhook.evaluationTimeout"}},
		"evaluation zero":          {func(c *Config) { c.Webhook.EvaluationTimeout = seconds(0) }, []string{"webhook.evaluationTimeout"}},
		"drain negative":           {func(c *Config) { c.Webhook.DrainPeriod = seconds(-1) }, []string{"webhook.drainPeriod"}},
		"drain zero":               {func(c *Config) { c.Webhook.DrainPeriod = seconds(0) }, nil},
		"CA shorter than its leaf": {func(c *Config) { c.Webhook.Certificate.CADuration = seconds(1) }, []string{"webhook.certificate.caDuration"}},
		"leaf zero":                {func(c *Config) { c.Webhook.Certificate.LeafDuration = seconds(0) }, []string{"webhook.certificate.leafDuration"}},
		"no Secret":                {func(c *Config) { c.Webhook.Certificate.SecretName = "" }, []string{"webhook.certificate.secretName"}},
		"rotation zero":            {func(c *Config) { c.Passport.RotationPeriod = seconds(0) }, []string{"passport.rotationPeriod"}},
		"rotation all the time":    {func(c *Config) { c.Passport.RotationPeriod = seconds(3599) }, []string{"passport.rotationPeriod"}},
		"request timeout negative": {func(c *Config) { c.Quota.RequestTimeout = seconds(-60) }, []string{"quota.requestTimeout"}},
		"webhook timeout too long": {func(c *Config) { c.Quota.WebhookTimeout = seconds(31) }, []string{"quota.webhookTimeout"}},
		"sessions off":             {func(c *Config) { c.Sessions.Enabled = false }, nil},
		"sessions no image":        {func(c *Config) { c.Sessions.Image = "" }, []string{"sessions.image"}},
		"sessions no model":        {func(c *Config) { c.Sessions.DefaultModel = "a b" }, []string{"sessions.defaultModel"}},
		"sessions no backend":      {func(c *Config) { c.Sessions.BackendURL = "backend:8080" }, []string{"sessions.backendURL"}},
		"sessions backend user":    {func(c *Config) { c.Sessions.BackendURL = "http://u:p@backend" }, []string{"sessions.backendURL"}},
		"sessions no Secret":       {func(c *Config) { c.Sessions.Secret = SecretKey{} }, []string{"sessions.secret.name", "sessions.secret.key"}},
		"sessions request nothing": {func(c *Config) { c.Sessions.Resources.Requests = nil }, []string{"sessions.resources.requests[cpu]", "sessions.resources.requests[memory]"}},
		"sessions small limit": {func(c *Config) {
			c.Sessions.Resources.Limits = corev1.ResourceList{corev1.ResourceCPU: resource.MustParse("1m")}
		}, []string{"sessions.resources.limits[cpu]"}},
		"sessions half a second": {func(c *Config) { c.Sessions.MaxTimeout.Duration = time.Second / 2 }, []string{"sessions.maxTimeout"}},
		"sessions kept for ever": {func(c *Config) { c.Sessions.TTLAfterFinished = seconds(1 << 30) }, []string{"sessions.ttlAfterFinished"}},
		"sessions paid for ever": {func(c *Config) { c.Sessions.BackoffLimit = 11 }, []string{"sessions.backoffLimit"}},
		"other version":          {func(c *Config) { c.APIVersion = "v1" }, []string{"apiVersion"}},
		"other kind":             {func(c *Config) { c.Kind = "" }, []string{"kind"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := valid()
			test.change(c)
			var got []string
			seen := map[string]bool{}
			for _, problem := range c.Validate() {
				if !seen[problem.Field] {
					got = append(got, problem.Field)
				}
				seen[problem.Field] = true
			}
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("fields with problems (-want +got):\n%s\n%v", diff, c.Validate())
			}
		})
	}
}

func TestCallers(t *testing.T) {
	c := valid()
	c.Controllers.Extra = []tenant.ControllerRule{row("system:serviceaccount:argo:server")}
	c.PlatformAdmins = Subjects{Groups: []string{"corp:sre"}, Users: []string{"local:root"}}
	c.Onboarding.Issuers = []string{"local"}
	want := tenant.Callers{
		Aliases: []string{"local"}, SystemNamespace: "claude-runner-system", NamespacePrefix: "claude-runner-user-",
		PlatformUsers: []string{"local:root"}, PlatformGroups: []string{"corp:sre"},
		Controllers: tenant.ControllerTable{
			Rules:  append(tenant.BuiltinControllers(), c.Controllers.Extra[0]),
			Shared: "system:kube-controller-manager",
		},
	}
	if diff := cmp.Diff(want, c.Callers()); diff != "" {
		t.Errorf("Callers (-want +got):\n%s", diff)
	}
	door := tenant.Onboarding{Issuers: []string{"local"}, DefaultOrganization: "individuals", DefaultTier: "standard", Cap: 1000}
	if diff := cmp.Diff(door, c.Onboarding); diff != "" {
		t.Errorf("Door (-want +got):\n%s", diff)
	}
}
