package cli

import (
	"context"
	"fmt"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// verifier is the command and its flags.
type verifier struct {
	env             Env
	from            source
	out             format
	keys            string
	audience        string
	systemNamespace string
	against         passport.Object
}

// checked is the outcome for one passport.
type checked struct {
	// Object that the passport was found on, empty for a passport that came alone.
	Object string `json:"object,omitempty"`
	Good   bool   `json:"good"`
	// Reason is ok, missing, or a word of passport.Reason.
	Reason  string `json:"reason"`
	Message string `json:"message,omitempty"`
	// Inherited names the owner that the passport is bound to, where it is not the
	// object itself.
	Inherited string                 `json:"inheritedFrom,omitempty"`
	Passport  *passport.UserPassport `json:"passport,omitempty"`
}

func newPassportVerify(env Env) *cobra.Command {
	v := &verifier{env: env}
	cmd := &cobra.Command{
		Use:   "verify [PASSPORT | -f FILE | --object RESOURCE/NAME]",
		Short: "Prove that passports are genuine and stand where they belong",
		Long: `Checks the signature of a passport and that it was made for the object it stands on,
or for one of that object's controller owners which carries the same passport.

The keys come from a file (keyring.json of Secret gatehouse-passport-keys, or that whole
Secret), or from the cluster, which lets platform admins read them. A passport that comes
alone is bound to no object here: say with --namespace, --kind, --group and --name what it
must be for. Beside -f these flags replace what the file says.

Exit code 0 if every passport is good, 1 if one is refused, 2 on misuse.`,
		Example: `  gatehouse passport verify --object rs/first -n claude-runner-user-alice
  kubectl get rs.research.example.com first -o yaml | gatehouse passport verify -f - --keys keyring.json
  gatehouse passport verify -f session.yaml --namespace claude-runner-user-bob   # refused: made for alice's`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error { return v.run(cmd.Context(), args) },
	}
	v.from.bind(cmd)
	v.out.bind(cmd)
	cmd.Flags().StringVar(&v.keys, "keys", "", "file with the keys, - for standard input (default: the cluster's)")
	cmd.Flags().StringVar(&v.audience, "audience", passport.AudienceAdmission, "audience that the passport must be for")
	cmd.Flags().StringVar(&v.systemNamespace, "system-namespace", systemNamespace, "namespace of the Secret with the keys")
	cmd.Flags().StringVar(&v.against.Group, "group", "", "API group that the passport must be for")
	cmd.Flags().StringVar(&v.against.Kind, "kind", "", "kind that the passport must be for")
	cmd.Flags().StringVar(&v.against.Name, "name", "", "name that the passport must be for")
	return cmd
}

func (v *verifier) run(ctx context.Context, args []string) error {
	subjects, c, err := v.from.read(ctx, v.env, args)
	if err != nil {
		return err
	}
	ring, c, err := v.keyring(ctx, c)
	if err != nil {
		return err
	}
	find := among(subjects)
	if v.from.object != "" {
		find = c.read
	} else {
		v.against.Namespace = v.from.kube.namespace
	}
	results := make([]checked, len(subjects))
	refused := 0
	for i, s := range subjects {
		if results[i] = v.check(ctx, ring, s, find); !results[i].Good {
			refused++
		} else if s.object == nil && v.against == (passport.Object{}) {
			fmt.Fprintln(v.env.Err, "note: what the passport is bound to was not checked; say what it must be for, or give -f or --object")
		}
	}
	if err := v.print(results); err != nil {
		return err
	}
	if refused > 0 {
		return silent(fmt.Errorf("%d of %d passports refused", refused, len(results)))
	}
	return nil
}

func (v *verifier) keyring(ctx context.Context, c *cluster) (*passport.Keyring, *cluster, error) {
	if v.keys != "" {
		k, err := fileKeys(v.env, v.keys)
		return k, c, err
	}
	if c == nil {
		var err error
		if c, err = v.from.kube.connect(); err != nil {
			return nil, nil, fmt.Errorf("%w (or give a key file with --keys)", err)
		}
	}
	k, err := liveKeys(ctx, c, v.systemNamespace)
	return k, c, err
}

// check proves one passport.
func (v *verifier) check(ctx context.Context, ring *passport.Keyring, s subject, find finder) checked {
	out := checked{Object: s.name()}
	if s.object != nil {
		out.Object = override(bindingOf(s.object), v.against).String()
	}
	if s.wire == "" {
		out.Reason, out.Message = "missing", "there is no passport"
		return out
	}
	p, err := ring.Verify(s.wire, v.audience, v.env.Now())
	if err == nil {
		out.Passport = &p
		out.Inherited, err = v.place(ctx, s, p, find)
	}
	out.Reason = passport.Reason(err)
	if out.Good = err == nil; !out.Good {
		out.Message = err.Error()
	}
	return out
}

// place checks that the passport stands where it belongs, and names the owner that it
// came from, if it did.
func (v *verifier) place(ctx context.Context, s subject, p passport.UserPassport, find finder) (string, error) {
	if s.object == nil {
		if v.against == (passport.Object{}) {
			return "", nil
		}
		return "", p.BoundTo(override(p.Object, v.against))
	}
	if v.against != (passport.Object{}) {
		return "", p.BoundTo(override(bindingOf(s.object), v.against))
	}
	owner, err := root(ctx, s, p, find)
	if err != nil || owner == s.object {
		return "", err
	}
	return bindingOf(owner).String(), nil
}

// override replaces what by says.
func override(o, by passport.Object) passport.Object {
	if by.Group != "" {
		o.Group = by.Group
	}
	if by.Kind != "" {
		o.Kind = by.Kind
	}
	if by.Namespace != "" {
		o.Namespace = by.Namespace
	}
	if by.Name != "" {
		o.Name, o.GenerateName = by.Name, ""
	}
	return o
}
