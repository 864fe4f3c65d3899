// Package authn renders the API server's AuthenticationConfiguration: how a token of an
// OIDC issuer becomes a Kubernetes user. It is pure and imports a YAML encoder only.
package authn

import (
	"errors"
	"fmt"
	"regexp"

	"sigs.k8s.io/yaml"
)

// Issuer is an OIDC issuer that the API server trusts.
type Issuer struct {
	Alias    string // begins every user and group name of this issuer
	URL      string // as in its tokens' iss
	Audience string // the client id, as in its tokens' aud
	CA       string // PEM of the authority of its certificate; empty = the system's
}

// UsersGroup is the group of every OIDC user. No claim yields it.
const UsersGroup = "gatehouse:users"

// reserved are prefixes that Kubernetes, Gatehouse's groups and its platform identities
// use; an issuer of that name could forge them.
var reserved = map[string]bool{"system": true, "gatehouse": true, "platform": true}

var aliasForm = regexp.MustCompile(`^[a-z]([-a-z0-9]{0,30}[a-z0-9])?$`)

// CheckAlias refuses an alias whose users could be taken for somebody else.
func CheckAlias(alias string) error {
	switch {
	case alias == "":
		return errors.New("issuer alias is empty; choose a short lower-case name such as \"local\"")
	case reserved[alias]:
		return fmt.Errorf("issuer alias %q is reserved; choose another than system, gatehouse and platform", alias)
	case !aliasForm.MatchString(alias):
		return fmt.Errorf("issuer alias %q is not usable; want at most 32 of a-z, 0-9 and -, beginning with a letter", alias)
	}
	return nil
}

type object = map[string]any

// Render is the configuration file for one issuer.
func Render(issuer Issuer) ([]byte, error) {
	if err := CheckAlias(issuer.Alias); err != nil {
		return nil, err
	}
	trusted := object{"url": issuer.URL, "audiences": []string{issuer.Audience}}
	if issuer.CA != "" {
		trusted["certificateAuthority"] = issuer.CA
	}
	text, err := yaml.Marshal(object{
		"apiVersion": "apiserver.config.k8s.io/v1",
		"kind":       "AuthenticationConfiguration",
		"anonymous": object{
			"enabled":    true,
			"conditions": []object{{"path": "/livez"}, {"path": "/readyz"}, {"path": "/healthz"}},
		},
		"jwt": []object{{
			"issuer":               trusted,
			"claimValidationRules": claimRules,
			"claimMappings":        mappings(issuer.Alias),
			"userValidationRules":  userRules,
		}},
	})
	if err != nil {
		return nil, fmt.Errorf("render authentication configuration: %w", err)
	}
	return text, nil
}

// claimRules judge the token itself. Some issuers send no email_verified at all: then
// the email is left out of extra, but the user may come in.
var claimRules = []object{
	{
		"expression": "has(claims.sub) && type(claims.sub) == string && claims.sub != ''",
		"message":    "the token names no subject",
	},
	{
		"expression": "!has(claims.email_verified) || claims.email_verified == true",
		"message":    "the issuer has not verified this user's email address",
	},
}

func mappings(alias string) object {
	prefix := "'" + alias + ":'"
	return object{
		"username": object{"expression": prefix + " + claims.sub"},
		"groups": object{"expression": "(has(claims.groups) && type(claims.groups) == list ? " +
			"dyn(claims.groups).map(group, " + prefix + " + string(group)) : []) + ['" + UsersGroup + "']"},
		"uid": object{"expression": prefix + " + claims.sub"},
		"extra": []object{
			{"key": "gatehouse.dev/issuer", "valueExpression": "claims.iss"},
			{
				"key": "gatehouse.dev/email",
				"valueExpression": "has(claims.email) && has(claims.email_verified) && claims.email_verified == true" +
					" ? claims.email : ''",
			},
			{"key": "gatehouse.dev/name", "valueExpression": "has(claims.name) ? claims.name : ''"},
		},
	}
}

// userRules judge the mapped user. With the prefix none of them can fail; they stand for
// the day when somebody edits the mappings.
var userRules = []object{
	{
		"expression": "!user.username.startsWith('system:')",
		"message":    "user names beginning with system: belong to Kubernetes",
	},
	{
		"expression": "user.groups.all(group, !group.startsWith('system:'))",
		"message":    "groups beginning with system: belong to Kubernetes",
	},
	{
		"expression": "user.groups.all(group, !group.startsWith('gatehouse:') || group == '" + UsersGroup + "')",
		"message":    "groups beginning with gatehouse: belong to Gatehouse",
	},
}
