package issuer

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/zitadel/oidc/v3/pkg/oidc"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// accessTokenLifetime matters to nobody here: the API server takes ID tokens.
const accessTokenLifetime = 5 * time.Minute

var (
	errUnknownRequest = errors.New("no such login")
	errUnknownClient  = errors.New("no such client")
	errUnknownUser    = errors.New("no such user")
	errNoSecrets      = errors.New("the client has no secret")
)

// storage keeps logins and refresh tokens in memory; after a restart people log in again.
type storage struct {
	client client
	key    signingKey

	mu        sync.Mutex
	requests  map[string]*request // by id
	codes     map[string]string   // code to id
	refreshes map[string]*grant   // by refresh token
}

var (
	_ op.Storage                   = (*storage)(nil)
	_ op.CanSetUserinfoFromRequest = (*storage)(nil)
)

func newStorage(key *rsa.PrivateKey, idTokenLifetime time.Duration) *storage {
	return &storage{
		client:    client{idTokenLifetime: idTokenLifetime},
		key:       signingKey{id: "local-1", private: key},
		requests:  map[string]*request{},
		codes:     map[string]string{},
		refreshes: map[string]*grant{},
	}
}

func (s *storage) Health(context.Context) error { return nil }

// authorize marks a login as done by a user.
func (s *storage) authorize(id string, user User) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.requests[id]
	if !found {
		return errUnknownRequest
	}
	r.subject, r.authorized = user.Subject, time.Now()
	return nil
}

func (s *storage) CreateAuthRequest(_ context.Context, asked *oidc.AuthRequest, _ string) (op.AuthRequest, error) {
	if asked.CodeChallenge == "" || asked.CodeChallengeMethod != oidc.CodeChallengeMethodS256 {
		return nil, oidc.ErrInvalidRequest().WithDescription("PKCE with S256 is required")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	r := &request{id: rand.Text(), asked: asked, scopes: asked.Scopes}
	s.requests[r.id] = r
	return r, nil
}

func (s *storage) AuthRequestByID(_ context.Context, id string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, found := s.requests[id]; found {
		return r, nil
	}
	return nil, errUnknownRequest
}

// AuthRequestByCode lets a code work once.
func (s *storage) AuthRequestByCode(_ context.Context, code string) (op.AuthRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r, found := s.requests[s.codes[code]]
	delete(s.codes, code)
	if !found {
		return nil, errUnknownRequest
	}
	return r, nil
}

func (s *storage) SaveAuthCode(_ context.Context, id, code string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.codes[code] = id
	return nil
}

func (s *storage) DeleteAuthRequest(_ context.Context, id string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.requests, id)
	return nil
}

func (s *storage) CreateAccessToken(context.Context, op.TokenRequest) (string, time.Time, error) {
	return rand.Text(), time.Now().Add(accessTokenLifetime), nil
}

// CreateAccessAndRefreshTokens replaces a refresh token at each use.
func (s *storage) CreateAccessAndRefreshTokens(_ context.Context, about op.TokenRequest, used string) (string, string, time.Time, error) {
	handed, ours := granted(about)
	if !ours {
		return "", "", time.Time{}, errUnknownRequest
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if used != "" {
		delete(s.refreshes, used)
	}
	refresh := rand.Text()
	s.refreshes[refresh] = handed
	return rand.Text(), refresh, time.Now().Add(accessTokenLifetime), nil
}

func (s *storage) TokenRequestByRefreshToken(_ context.Context, token string) (op.RefreshTokenRequest, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if kept, found := s.refreshes[token]; found {
		twin, _ := granted(kept)
		return twin, nil
	}
	return nil, op.ErrInvalidRefreshToken
}

func (s *storage) TerminateSession(_ context.Context, subject, _ string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	maps.DeleteFunc(s.refreshes, func(_ string, g *grant) bool { return g.subject == subject })
	return nil
}

func (s *storage) RevokeToken(_ context.Context, token, _, _ string) *oidc.Error {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.refreshes, token)
	return nil
}

func (s *storage) GetRefreshTokenInfo(_ context.Context, _, token string) (subject, id string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r, found := s.refreshes[token]; found {
		return r.subject, token, nil
	}
	return "", "", op.ErrInvalidRefreshToken
}

func (s *storage) GetClientByClientID(_ context.Context, id string) (op.Client, error) {
	if id != ClientID {
		return nil, errUnknownClient
	}
	return s.client, nil
}

func (s *storage) AuthorizeClientIDSecret(context.Context, string, string) error { return errNoSecrets }

// claims puts a user's claims where the library merges them into a token.
func (s *storage) claims(info *oidc.UserInfo, subject string, scopes []string) error {
	at := slices.IndexFunc(Users, func(u User) bool { return u.Subject == subject })
	if at < 0 {
		return errUnknownUser
	}
	info.Subject = subject
	for name, value := range Users[at].Claims {
		scope := oidc.ScopeProfile
		switch name {
		case "email", "email_verified":
			scope = oidc.ScopeEmail
		case "groups":
			scope = groupsScope
		}
		if slices.Contains(scopes, scope) {
			info.AppendClaims(name, value)
		}
	}
	return nil
}

func (s *storage) SetUserinfoFromRequest(_ context.Context, info *oidc.UserInfo, about op.IDTokenRequest, scopes []string) error {
	return s.claims(info, about.GetSubject(), scopes)
}

// SetUserinfoFromScopes is asked before SetUserinfoFromRequest and has nothing to add.
func (s *storage) SetUserinfoFromScopes(context.Context, *oidc.UserInfo, string, string, []string) error {
	return nil
}

func (s *storage) SetUserinfoFromToken(_ context.Context, info *oidc.UserInfo, _, subject, _ string) error {
	return s.claims(info, subject, []string{oidc.ScopeProfile, oidc.ScopeEmail, groupsScope})
}
