package issuer

import (
	"slices"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// request is a login under way and, once done, what its tokens are about. The library
// asks for it in both roles.
type request struct {
	id         string
	asked      *oidc.AuthRequest
	scopes     []string
	subject    string
	authorized time.Time // zero until the form was filled in
}

var (
	_ op.AuthRequest         = (*request)(nil)
	_ op.RefreshTokenRequest = (*request)(nil)
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
func (r *request) SetCurrentScopes(scopes []string)   { r.scopes = scopes }
func (r *request) GetState() string                   { return r.asked.State }
func (r *request) GetSubject() string                 { return r.subject }
func (r *request) Done() bool                         { return !r.authorized.IsZero() }

func (r *request) GetCodeChallenge() *oidc.CodeChallenge {
	if r.asked.CodeChallenge == "" {
		return nil
	}
	return &oidc.CodeChallenge{Challenge: r.asked.CodeChallenge, Method: r.asked.CodeChallengeMethod}
}

// copy is what a refresh token stands for: changing one must not change the other.
func (r *request) copy() *request {
	twin := *r
	twin.scopes = slices.Clone(r.scopes)
	return &twin
}
