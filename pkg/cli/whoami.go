package cli

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

// whoami is the command and its flags.
type whoami struct {
	env    Env
	kube   kubeFlags
	prefix string
	system string
	out    format
}

// standing is who the caller is to the platform.
type standing struct {
	User string `json:"user"`
	// Class is human, service-account, deployer, controller, platform, node or unknown.
	Class string `json:"class"`
	// BreakGlass marks a caller whose every write is allowed and reported.
	BreakGlass bool `json:"breakGlass,omitempty"`
	// Tenant is "" for a caller who has none.
	Tenant       string                    `json:"tenant"`
	Namespace    string                    `json:"namespace,omitempty"`
	Organization string                    `json:"organization,omitempty"`
	Role         string                    `json:"role,omitempty"`
	Tier         string                    `json:"tier,omitempty"`
	Suspended    bool                      `json:"suspended,omitempty"`
	Models       []string                  `json:"models,omitempty"`
	Limits       []v1alpha1.UsageDimension `json:"limits,omitempty"`
	// Onboard is the manifest that would give the caller a tenant, where she may have
	// one; Refusal is why she may not.
	Onboard json.RawMessage `json:"onboard,omitempty"`
	Refusal string          `json:"refusal,omitempty"`
	// Note says what could not be read.
	Note string `json:"note,omitempty"`
}

func newWhoami(env Env) *cobra.Command {
	w := &whoami{env: env}
	cmd := &cobra.Command{
		Use:   "whoami",
		Short: "Say who you are to the platform, and what you may use",
		Long: `Asks the API server who is calling and reads the Usage object of that person's tenant:
class, tenant, organization, role, tier, models and limits as the platform sees them. A
person without a tenant is told how to get one. The class is by the configuration for
those who may read it, by name and groups for others.

Exit code 0 for a caller with a tenant and for the platform, 1 for others, 2 on misuse.`,
		Example: `  gatehouse whoami
  gatehouse whoami --kubeconfig .local/kubeconfig/alice.yaml -o json`,
		Args: between(0, 0),
		RunE: func(cmd *cobra.Command, _ []string) error { return w.run(cmd.Context()) },
	}
	w.kube.bind(cmd)
	w.out.bind(cmd)
	cmd.Flags().StringVar(&w.system, "system-namespace", systemNamespace, "namespace of Gatehouse, where its configuration is")
	cmd.Flags().StringVar(&w.prefix, "tenant-namespace-prefix", "claude-runner-user-", "how tenant namespaces begin, for callers who may not read the configuration")
	return cmd
}

func (w *whoami) run(ctx context.Context) error {
	c, err := w.kube.connect()
	if err != nil {
		return err
	}
	user, err := c.self(ctx)
	if err != nil {
		return err
	}
	caller, err := w.classify(ctx, c, user)
	if err != nil {
		return err
	}
	s := standing{User: user.Username, Class: string(caller.Class), BreakGlass: caller.BreakGlass}
	ids := w.candidates(user)
	usage, err := w.usage(ctx, c, user, ids)
	if err != nil {
		return err
	}
	switch account := caller.Class == tenant.ClassServiceAccount || caller.Class == tenant.ClassDeployer; {
	case usage != nil:
		s.take(usage.Status)
		s.Namespace = usage.Namespace
	case account:
		s.Tenant, s.Namespace = ids[0], w.prefix+ids[0]
		s.Note = "this account may not read Usage " + v1alpha1.UsageName + " of its namespace, or it is not there yet: what it may use is not known"
	case caller.Class != tenant.ClassHuman:
		s.Refusal = without(caller)
	default:
		if err := w.onboarding(ctx, c, user, ids, &s); err != nil {
			return err
		}
	}
	switch caller.Class {
	case tenant.ClassDeployer:
		s.Role = tenant.RoleDeployer
	case tenant.ClassPlatform:
		s.Role = tenant.RolePlatform
	}
	if err := w.print(s); err != nil {
		return err
	}
	if s.Tenant == "" && caller.Class != tenant.ClassPlatform {
		return silent(errors.New("the caller has no tenant"))
	}
	return nil
}

// take fills in what the platform wrote of the caller's tenant.
func (s *standing) take(u v1alpha1.UsageStatus) {
	s.Tenant, s.Organization, s.Role, s.Tier = u.Tenant, u.Organization, u.Role, u.Tier
	s.Suspended, s.Models, s.Limits = u.Suspended, u.Models, u.Dimensions
}

// candidates are the tenant ids that a caller can have, likelier first. Which issuer is
// primary is not for tenants to read, so a person has two; an account in a tenant's
// namespace belongs to that tenant.
func (w *whoami) candidates(user authenticationv1.UserInfo) []string {
	if rest, ok := strings.CutPrefix(user.Username, "system:serviceaccount:"); ok {
		namespace, _, _ := strings.Cut(rest, ":")
		if id, ok := strings.CutPrefix(namespace, w.prefix); ok {
			return []string{id}
		}
		return nil
	}
	alias, _, ok := tenant.Split(user.Username)
	if !ok || alias == "system" {
		return nil
	}
	ids := []string{tenant.ID(user.Username, alias)}
	if other := tenant.ID(user.Username, ""); other != ids[0] {
		ids = append(ids, other)
	}
	return ids
}

// usage finds the caller's own Usage, nil if there is none. One that names somebody
// else, such as a person of the same sub at the primary issuer, is not hers.
func (w *whoami) usage(ctx context.Context, c *cluster, user authenticationv1.UserInfo, ids []string) (*v1alpha1.Usage, error) {
	account := strings.HasPrefix(user.Username, "system:serviceaccount:")
	for _, id := range ids {
		var u v1alpha1.Usage
		key := client.ObjectKey{Namespace: w.prefix + id, Name: v1alpha1.UsageName}
		switch err := c.Get(ctx, key, &u); {
		case unreadable(err):
		case err != nil:
			return nil, fmt.Errorf("read Usage %s: %w", key, err)
		case account || u.Status.User == user.Username:
			return &u, nil
		}
	}
	return nil, nil
}

// onboarding asks by dry run whether the caller may make a tenant for herself, and
// under which name.
func (w *whoami) onboarding(ctx context.Context, c *cluster, user authenticationv1.UserInfo, ids []string, s *standing) error {
	for _, id := range ids {
		t := &v1alpha1.Tenant{}
		t.Name = id
		t.Spec.Owner.User = user.Username
		err := c.Create(ctx, t, client.DryRunAll)
		switch {
		case err == nil:
			s.Organization, s.Tier, s.Refusal = t.Spec.Organization, t.Spec.Tier, ""
			s.Onboard, err = onboardManifest(id, user.Username)
			return err
		case apierrors.IsAlreadyExists(err):
			err = fmt.Errorf("your Tenant %q is there, but its Usage is not yet, or not for you to read: try again in a moment", id)
		case !refusal(err):
			return fmt.Errorf("ask whether you may make Tenant %q: %w", id, err)
		}
		if s.Refusal == "" {
			s.Refusal = err.Error()
		}
	}
	return nil
}

// refusal reports whether an error is an answer on the request rather than a failure.
func refusal(err error) bool {
	return apierrors.IsForbidden(err) || apierrors.IsInvalid(err) || apierrors.IsBadRequest(err)
}

func onboardManifest(id, user string) (json.RawMessage, error) {
	raw, err := json.Marshal(map[string]any{
		"apiVersion": v1alpha1.GroupVersion.String(), "kind": "Tenant",
		"metadata": map[string]any{"name": id},
		"spec":     map[string]any{"owner": map[string]any{"user": user}},
	})
	if err != nil {
		return nil, fmt.Errorf("write the manifest of Tenant %q: %w", id, err)
	}
	return raw, nil
}
