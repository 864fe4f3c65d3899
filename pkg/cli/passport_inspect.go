package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// unverified is said before anything that inspect shows.
const unverified = "NOT VERIFIED: anybody can write what follows. Prove it with: gatehouse passport verify"

// inspected is one passport as it reads, believed by nobody.
type inspected struct {
	Object   string                 `json:"object,omitempty"`
	Verified bool                   `json:"verified"` // always false
	Message  string                 `json:"message,omitempty"`
	Passport *passport.UserPassport `json:"passport,omitempty"`
}

func newPassportInspect(env Env) *cobra.Command {
	var (
		from source
		out  format
	)
	cmd := &cobra.Command{
		Use:   "inspect [PASSPORT | -f FILE | --object RESOURCE/NAME]",
		Short: "Show what passports say, without verifying them",
		Long: `Decodes passports and shows their fields. Nothing is verified and no key is needed: do
not decide anything by it.

Exit code 0 if all could be read, 1 if one could not, 2 on misuse.`,
		Example: `  gatehouse passport inspect --object rs/first
  gatehouse passport inspect -f session.yaml -o json`,
		Args: between(0, 1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return inspect(cmd.Context(), env, &from, out, args)
		},
	}
	from.bind(cmd)
	out.bind(cmd)
	return cmd
}

func inspect(ctx context.Context, env Env, from *source, out format, args []string) error {
	subjects, _, err := from.read(ctx, env, args)
	if err != nil {
		return err
	}
	results := make([]inspected, len(subjects))
	unread := 0
	for i, s := range subjects {
		results[i].Object = s.name()
		p, err := passport.Inspect(s.wire)
		switch {
		case s.wire == "":
			results[i].Message = "there is no passport"
		case err != nil:
			results[i].Message = err.Error()
		default:
			results[i].Passport = &p
			continue
		}
		unread++
	}
	fmt.Fprintln(env.Err, unverified)
	answer := map[string]any{"verified": false, "results": results}
	if err := out.show(env.Out, answer, func() error { return printInspected(env, results) }); err != nil {
		return err
	}
	if unread > 0 {
		return silent(fmt.Errorf("%d of %d passports could not be read", unread, len(results)))
	}
	return nil
}

func printInspected(env Env, results []inspected) error {
	for i, r := range results {
		t := table{}
		if i > 0 {
			fmt.Fprintln(env.Out)
		}
		t.add("verified", "NO")
		if r.Object != "" {
			t.add("found on", r.Object)
		}
		if r.Passport == nil {
			t.add("problem", r.Message)
		} else {
			addFields(&t, *r.Passport)
		}
		if err := t.write(env.Out); err != nil {
			return err
		}
	}
	return nil
}

// addFields shows every field under the name that it has in the payload.
func addFields(t *table, p passport.UserPassport) {
	instant := func(unix int64) string { return time.Unix(unix, 0).UTC().Format(time.RFC3339) }
	t.add("user_id", p.UserID)
	t.add("email", p.Email)
	t.add("groups", strings.Join(p.Groups, ", "))
	t.add("permissions", strings.Join(p.Permissions, ", "))
	t.add("role", p.Role)
	t.add("organization", p.Organization)
	t.add("tier", p.Tier)
	t.add("namespace", p.Namespace)
	t.add("object", bound(p))
	t.add("correlation_id", p.CorrelationID)
	t.add("audience", p.Audience)
	t.add("issued_at", instant(p.IssuedAt))
	if p.Bearer() {
		t.add("nbf", instant(p.NotBefore))
		t.add("exp", instant(p.Expires))
	}
	t.add("version", p.Version)
	t.add("key_id", p.KeyID)
}
