package issuer

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is a login under way and, once done, what its tokens are about.
type request struct {
	id         string
	asked      *oidc.AuthRequest
	scopes     []string
	subject    string
	authorized time.Time // zero until the form was filled in
}

var (
	_ op.AuthRequest         = (*request)(nil)
	_ op.RefreshTokenRequest = (*grant)(nil)
)

func (r *request) GetID() string                      { return r.id }
func (r *request) GetACR() string                     { return "" }
func (r *request) GetAMR() []string                   { return []string{"pwd"} }
func (r *request) GetAudience() []string              { return []string{r.asked.ClientID} }
func (r *request) GetAuthTime() time.Time             { return r.authorized }
func (r *request) GetClientID() string                { return r.asked.ClientID }
func (r *request) GetNonce() string                   { return r.asked.Nonce }
func (r *request) GetRedirectURI() string             { return r.asked.RedirectURI }
func (r *request) GetResponseType() oidc.ResponseType { return r.asked.ResponseType }
func (r *request) GetResponseMode() oidc.ResponseMode { return r.asked.ResponseMode }
func (r *request) GetScopes() []string                { return r.scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) GetSubject() string                 { return r.subject }
func (r *request) Done() bool                         { return !r.authorized.IsZero() }

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.asked.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

// grant is what a refresh token stands for. It is no login: tokens made of it carry no
// nonce.
type grant struct {
	clientID   string
	audience   []string
	methods    []string
	scopes     []string
	subject    string
	authorized time.Time
}

// granted is what a finished login, or a grant that is used, hands on.
func granted(from op.TokenRequest) (*grant, bool) {
	switch r := from.(type) {
	case *request:
		return &grant{r.GetClientID(), r.GetAudience(), r.GetAMR(), slices.Clone(r.scopes), r.subject, r.authorized}, true
	case *grant:
		twin := *r
		twin.scopes = slices.Clone(r.scopes)
		return &twin, true
	}
	return nil, false
}

func (g *grant) GetAMR() []string                 { return g.methods }
func (g *grant) GetAudience() []string            { return g.audience }
func (g *grant) GetAuthTime() time.Time           { return g.authorized }
func (g *grant) GetClientID() string              { return g.clientID }
func (g *grant) GetScopes() []string              { return g.scopes }
func (g *grant) GetSubject() string               { return g.subject }
func (g *grant) SetCurrentScopes(scopes []string) { g.scopes = scopes }
