package httpauth

import (
	"context"
	"slices"

	"gatehouse.dev/gatehouse/pkg/passport"
)

type callerKey struct{}

func with(ctx context.Context, p passport.UserPassport) context.Context {
	return context.WithValue(ctx, callerKey{}, p)
}

// From gives the caller whose passport was proved on the way here, false where no
// Authenticator stood in front. Its Signature is empty.
func From(ctx context.Context) (passport.UserPassport, bool) {
	p, ok := ctx.Value(callerKey{}).(passport.UserPassport)
	return p, ok
}

// Requirement says whether a caller may. It must not change the passport.
type Requirement func(passport.UserPassport) bool

// Role wants one of these roles.
func Role(names ...string) Requirement {
	return func(p passport.UserPassport) bool { return slices.Contains(names, p.Role) }
}

// Permission wants one of these permissions.
func Permission(names ...string) Requirement {
	return func(p passport.UserPassport) bool {
		return slices.ContainsFunc(p.Permissions, func(have string) bool { return slices.Contains(names, have) })
	}
}
