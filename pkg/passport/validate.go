package passport

import (
	"fmt"
	"slices"
	"unicode/utf8"
)

// maxAudience is the longest name of an audience.
const maxAudience = 128

// validate holds the rules of content that every passport keeps, made or received.
func (p UserPassport) validate() error {
	wrong := func(what string) error { return fmt.Errorf("%w: %s", ErrMalformed, what) }
	switch {
	case p.Version != version:
		return wrong("unknown version")
	case !validKeyID(p.KeyID):
		return wrong("the key id must match [a-z0-9-]{1,32}")
	case !validAudience(p.Audience):
		return wrong("the audience must be 1 to 128 printable ASCII characters without space")
	case p.UserID == "":
		return wrong("user_id is missing")
	case p.IssuedAt <= 0:
		return wrong("issued_at is missing")
	case len(p.Groups) > MaxGroups:
		return wrong("more than 16 groups")
	case !ascending(p.Groups) || !ascending(p.Permissions):
		return wrong("groups and permissions must be sorted, without doubles and without empty names")
	case p.Object != Object{} && p.Object.Kind == "":
		return wrong("object.kind is missing")
	case p.Object.Name != "" && p.Object.GenerateName != "":
		return wrong("object has both name and generateName")
	}
	if !p.isUTF8() {
		return wrong("a text is not valid UTF-8")
	}
	if !p.Bearer() {
		switch {
		case p.NotBefore != 0 || p.Expires != 0:
			return wrong("audience admission has no nbf and no exp")
		case p.Object.Name == "" && p.Object.GenerateName == "":
			return wrong("audience admission must be bound to an object")
		}
		return nil
	}
	if p.NotBefore <= 0 || p.Expires <= p.NotBefore || p.IssuedAt >= p.Expires {
		return wrong("a bearer audience needs issued_at, nbf and exp, with exp after both")
	}
	return nil
}

// isUTF8 looks at every free text. JSON would silently replace bytes that are no UTF-8,
// and two names would become one.
func (p UserPassport) isUTF8() bool {
	for _, s := range [...]string{p.UserID, p.Email, p.Role, p.Organization, p.Tier, p.Namespace, p.CorrelationID,
		p.Object.Group, p.Object.Kind, p.Object.Namespace, p.Object.Name, p.Object.GenerateName} {
		if !utf8.ValidString(s) {
			return false
		}
	}
	for _, names := range [...][]string{p.Groups, p.Permissions} {
		for _, s := range names {
			if !utf8.ValidString(s) {
				return false
			}
		}
	}
	return true
}

// ascending reports whether the names strictly ascend and none is empty.
func ascending(names []string) bool {
	for i, n := range names {
		if n == "" || i > 0 && names[i-1] >= n {
			return false
		}
	}
	return true
}

// sorted gives a sorted copy without doubles, nil if there is nothing.
func sorted(names []string) []string {
	if len(names) == 0 {
		return nil
	}
	out := slices.Clone(names)
	slices.Sort(out)
	return slices.Compact(out)
}

func validAudience(s string) bool {
	if len(s) == 0 || len(s) > maxAudience {
		return false
	}
	for i := range len(s) {
		if s[i] <= ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}
