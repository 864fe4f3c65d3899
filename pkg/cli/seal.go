package cli

import (
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/spf13/cobra"
	"k8s.io/client-go/metadata"
	"k8s.io/client-go/rest"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// sealer is the command and its flags.
type sealer struct {
	env             Env
	kube            kubeFlags
	out             format
	all, list, dry  bool
	key             string
	systemNamespace string
}

// wellFormedKey is what a key id looks like.
var wellFormedKey = regexp.MustCompile(`^[a-z0-9-]{1,32}$`)

func newSeal(env Env) *cobra.Command {
	s := &sealer{env: env}
	cmd := &cobra.Command{
		Use:   "seal [KIND[/NAME] ...]",
		Short: "Find objects without a good passport, and have them sealed for their tenant",
		Long: `Looks through every kind that tenants' namespaces can hold for objects that are older
than the installation, came back from a backup, or carry a passport under a revoked or
unknown key, and asks Gatehouse, as the calling user, to seal each for its namespace's
tenant. Only platform identities are heard.

Left alone are objects with a controller owner (those get what their owner has, a
ReplicaSet at once, a Pod or Job when it is made anew) and what the platform wrote: name
such an object (KIND/NAME) to seal it all the same. What the cluster makes for itself in
every namespace is not looked for. Which keys are revoked is known to those who may read
Secret gatehouse-passport-keys; for others only --key tells.

Exit code 0 if nothing is left to seal, with --list or --dry-run if everything could be
looked at; 1 if an object could not be sealed or a kind not be listed; 2 on misuse.`,
		Example: `  gatehouse seal --all-namespaces --list
  gatehouse seal -n claude-runner-user-alice deployments cronjobs rs/first
  gatehouse seal --all-namespaces --key 20260915-1f0a9c33 --dry-run -o json`,
		Args: func(_ *cobra.Command, args []string) error {
			_, err := parseTargets(args)
			return err
		},
		RunE: func(cmd *cobra.Command, args []string) error { return s.run(cmd.Context(), args) },
	}
	s.kube.bind(cmd)
	s.out.bind(cmd)
	flags := cmd.Flags()
	flags.StringVarP(&s.kube.namespace, "namespace", "n", "", "the tenant's namespace (default: the kubeconfig's)")
	flags.BoolVarP(&s.all, "all-namespaces", "A", false, "every tenant's namespace")
	flags.BoolVar(&s.list, "list", false, "only report")
	flags.BoolVar(&s.dry, "dry-run", false, "ask for everything, store nothing")
	flags.StringVar(&s.key, "key", "", "id of a passport key: objects under it are sealed anew")
	flags.StringVar(&s.systemNamespace, "system-namespace", systemNamespace, "namespace of Gatehouse, where the keys are")
	return cmd
}

// check finds misuse before anything is sent.
func (s *sealer) check(targets []target) error {
	switch {
	case s.all && s.kube.namespace != "":
		return misuse("give --namespace or --all-namespaces, not both")
	case s.list && s.dry:
		return misuse("give --list or --dry-run, not both")
	case s.key != "" && !wellFormedKey.MatchString(s.key):
		return misuse("--key must be a key's id, not %q", s.key)
	}
	for _, t := range targets {
		if s.all && t.name != "" {
			return misuse("%s/%s names one object: say with --namespace where it is", t.resource, t.name)
		}
	}
	return nil
}

func (s *sealer) run(ctx context.Context, args []string) error {
	targets, err := parseTargets(args)
	if err != nil {
		return err
	}
	if err := s.check(targets); err != nil {
		return err
	}
	c, err := s.kube.connect()
	if err != nil {
		return err
	}
	// One request after the other: the API server's own limits are far above this.
	c.rest.QPS, c.rest.Burst = 100, 200
	c.rest.WarningHandlerWithContext = nil
	c.rest.WarningHandler = rest.NewWarningWriter(s.env.Err, rest.WarningWriterOptions{Deduplicate: true})
	objects, err := metadata.NewForConfig(c.rest)
	if err != nil {
		return fmt.Errorf("connect to %s: %w", c.rest.Host, err)
	}
	keys, err := s.keys(ctx, c)
	if err != nil {
		return err
	}
	survey, err := s.survey(ctx, c, objects, targets, suspicion{keys: keys, key: s.key, now: s.env.Now()})
	if err != nil {
		return err
	}
	if !s.list {
		s.seal(ctx, objects, survey)
	}
	return s.tell(survey)
}

// keys reads the keyring if the caller may.
func (s *sealer) keys(ctx context.Context, c *cluster) (*passport.Keyring, error) {
	keys, err := liveKeys(ctx, c, s.systemNamespace)
	if err != nil && unreadable(err) {
		fmt.Fprintln(s.env.Err, "The keys are not for you to read: revoked ones are not recognized, only what --key names.")
		return nil, nil //nolint:nilnil // No keyring is a state of its own.
	}
	return keys, err
}

// tell prints the outcome and gives the exit code.
func (s *sealer) tell(found *survey) error {
	answer := map[string]any{"objects": found.unsealed, "namespaces": found.summary(), "unread": found.unread}
	if err := s.out.show(s.env.Out, answer, func() error { return found.print(s.env.Out) }); err != nil {
		return err
	}
	if n := found.count("", resultFailed); n > 0 {
		return silent(fmt.Errorf("%d objects could not be sealed", n))
	}
	if len(found.unread) > 0 {
		return silent(errors.New("not everything could be looked at"))
	}
	return nil
}
