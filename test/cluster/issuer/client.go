package issuer

import (
	"net/url"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// RedirectURI is where codes are sent. Nothing listens there: the credential plugin
// reads the code from the redirect itself.
const RedirectURI = "http://127.0.0.1/callback"

// loginPath is the login form.
const loginPath = "/login"

// client is a native app with PKCE and without a secret: it runs on users' machines.
type client struct {
	idTokenLifetime time.Duration
}

func (c client) GetID() string                       { return ClientID }
func (c client) RedirectURIs() []string              { return []string{RedirectURI} }
func (c client) PostLogoutRedirectURIs() []string    { return nil }
func (c client) ApplicationType() op.ApplicationType { return op.ApplicationTypeNative }
func (c client) AuthMethod() oidc.AuthMethod         { return oidc.AuthMethodNone }
func (c client) ResponseTypes() []oidc.ResponseType {
	return []oidc.ResponseType{oidc.ResponseTypeCode}
}
func (c client) AccessTokenType() op.AccessTokenType  { return op.AccessTokenTypeBearer }
func (c client) IDTokenLifetime() time.Duration       { return c.idTokenLifetime }
func (c client) DevMode() bool                        { return false }
func (c client) IDTokenUserinfoClaimsAssertion() bool { return true }
func (c client) ClockSkew() time.Duration             { return 0 }
func (c client) IsScopeAllowed(scope string) bool     { return scope == groupsScope }

// groupsScope asks for the groups claim.
const groupsScope = "groups"

func (c client) GrantTypes() []oidc.GrantType {
	return []oidc.GrantType{oidc.GrantTypeCode, oidc.GrantTypeRefreshToken}
}

func (c client) LoginURL(request string) string {
	return loginPath + "?" + url.Values{"request": {request}}.Encode()
}

//nolint:staticcheck // op.Client names it.
func (c client) RestrictAdditionalIdTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}

func (c client) RestrictAdditionalAccessTokenScopes() func([]string) []string {
	return func(scopes []string) []string { return scopes }
}
