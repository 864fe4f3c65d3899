package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/config"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/engine/gatekeeper"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/review"
	"gatehouse.dev/gatehouse/pkg/runner"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// judgeFlags say what is judged, as whom, and under which platform.
type judgeFlags struct {
	kube            kubeFlags
	files, platform []string
	as, email       string
	groups          []string
	config          string
	policies        string
	systemNamespace string
}

func (f *judgeFlags) bind(cmd *cobra.Command) {
	f.kube.bind(cmd)
	flags := cmd.Flags()
	flags.StringArrayVarP(&f.files, "filename", "f", nil, "file with the objects in YAML or JSON, - for standard input; may be repeated")
	flags.StringVar(&f.as, "as", "", "full username to judge as, <issuer alias>:<sub> or a service account's")
	flags.StringArrayVar(&f.groups, "as-group", nil, "group that the user carries beside those every such user has; may be repeated")
	flags.StringVar(&f.email, "as-email", "", "verified email of the user, for onboarding")
	flags.StringVarP(&f.kube.namespace, "namespace", "n", "", "namespace of objects that name none (default: the user's own)")
	flags.StringArrayVar(&f.platform, "platform", nil, "file or folder with tiers, models, organizations, settings, tenants and policies (default: the cluster's); may be repeated")
	flags.StringVar(&f.config, "config", "", "configuration file (default: the cluster's)")
	flags.StringVar(&f.policies, "policies", "", policiesHelp+" (default: those in force)")
	flags.StringVar(&f.systemNamespace, "system-namespace", systemNamespace, "namespace of Gatehouse in the cluster")
}

// judge puts a gate together like the webhook's, with a key and ledgers of its own.
func (f *judgeFlags) judge(ctx context.Context, env Env) (*judge, error) {
	switch {
	case len(f.files) == 0:
		return nil, misuse("-f FILE is needed")
	case f.as == "" || !strings.Contains(f.as, ":") && len(f.groups) == 0:
		return nil, misuse("--as needs a full username such as local:alice, or one with the group that lets it in (--as-group)")
	case len(f.platform) > 0 && f.config == "":
		return nil, misuse("--platform needs --config beside it")
	}
	c, p, err := f.world(ctx, env)
	if err != nil {
		return nil, err
	}
	program, err := env.compile(ctx, f.policies, p.stored, engine.Options{Parameters: c.PolicyParameters(), PodKinds: c.PodKinds()})
	if err != nil {
		return nil, err
	}
	key, err := passport.NewKey(env.Now())
	if err != nil {
		return nil, err
	}
	key.State = passport.Active
	keys, err := passport.NewKeyring(key)
	if err != nil {
		return nil, fmt.Errorf("make a key: %w", err)
	}
	j := &judge{program: program, platform: p, subject: f.subject(c), prefix: c.TenantNamespacePrefix, namespace: f.kube.namespace}
	if j.namespace == "" {
		j.namespace = home(p, j.subject.Username, c)
	}
	j.gate = &gate.Gate{
		Facts: p, Owners: p, Ledger: p,
		Keys:    func() *passport.Keyring { return keys },
		Program: func() *engine.Program { return program },
		Callers: c.Callers(), Onboarding: c.Onboarding, PrimaryAlias: c.PrimaryAlias(), PassportGroups: c.Passport.Groups,
		EmailAsHash: c.Passport.EmailAsHash, PodTemplates: c.PodTemplatePaths(), SessionPods: runner.Pods(c.Sessions), Now: env.Now, NewID: func() string { return fmt.Sprintf("check-%d", j.serial) },
		Asked: func(a gate.Asked) { j.asked = &a },
	}
	if p.stored.inventory != nil {
		j.gate.Inventory = func() *gatekeeper.Inventory { return p.stored.inventory }
	}
	return j, j.gate.Validate()
}

// world reads configuration and platform, from files or as the calling user.
func (f *judgeFlags) world(ctx context.Context, env Env) (c *config.Config, p *platform, err error) {
	if f.config != "" {
		if c, err = config.Load(f.config); err != nil {
			return nil, nil, err
		}
	}
	if len(f.platform) > 0 {
		p, err = filePlatform(env, f.platform, c.TenantNamespacePrefix)
		return c, p, err
	}
	live, err := f.kube.connect()
	if err != nil {
		return nil, nil, err
	}
	if c == nil {
		if c, err = liveConfig(ctx, live, f.systemNamespace); err != nil {
			return nil, nil, err
		}
	}
	if p, err = livePlatform(ctx, env, live, c.TenantNamespacePrefix); err != nil || f.policies != "" {
		return c, p, err
	}
	if len(c.PolicyDirectories)+len(c.PolicyBundles) > 0 {
		fmt.Fprintln(env.Err, "Warning: the policies of policyDirectories and policyBundles cannot be read from here and are not asked; --policies DIR asks them")
	}
	p.stored, err = livePolicies(ctx, live, c.Gatekeeper.InventoryKinds())
	return c, p, err
}

// subject is what the API server would say of the user.
func (f *judgeFlags) subject(c *config.Config) review.Subject {
	s := review.Subject{Username: f.as, Groups: append([]string{}, f.groups...)}
	alias, _, _ := tenant.Split(f.as)
	if slices.Contains(c.Aliases(), alias) {
		s.Groups = append(s.Groups, tenant.GroupUsers)
	}
	s.Groups = append(s.Groups, "system:authenticated")
	if f.email != "" {
		s.Extra = map[string][]string{"gatehouse.dev/email": {f.email}}
	}
	return s
}

// home is the namespace that a user writes to by default: her own, if she has one.
func home(p *platform, username string, c *config.Config) string {
	if name := p.snapshot.TenantOf(username); name != "" {
		return c.TenantNamespacePrefix + name
	}
	if rest, ok := strings.CutPrefix(username, "system:serviceaccount:"); ok {
		namespace, _, _ := strings.Cut(rest, ":")
		return namespace
	}
	return "default"
}
