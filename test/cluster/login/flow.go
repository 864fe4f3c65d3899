// Package login is the credential plugin of the sample users' kubeconfigs: it logs in at
// the issuer as a browser would, keeps the tokens in a private file and refreshes them
// before they expire. It may import an OIDC client library.
package login

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/zitadel/oidc/v3/pkg/client/rp"
	"github.com/zitadel/oidc/v3/pkg/oidc"
	"golang.org/x/oauth2"
)

// Account is whose tokens are wanted and where they come from.
type Account struct {
	Issuer      string // URL
	ClientID    string
	RedirectURI string
	Login       string
	Password    string
	Transport   http.RoundTripper // trusts the issuer's certificate
}

var scopes = []string{oidc.ScopeOpenID, oidc.ScopeProfile, oidc.ScopeEmail, "groups", oidc.ScopeOfflineAccess}

// errForm says that the issuer's page is not the form that we fill in.
var errForm = errors.New("the issuer shows no login form")

// relyingParty discovers the issuer. Its ID tokens are verified against the issuer's
// keys, so that what ends in the file is what the API server will take.
func (a Account) relyingParty(ctx context.Context) (rp.RelyingParty, error) {
	client := &http.Client{Transport: a.Transport, Timeout: 10 * time.Second}
	party, err := rp.NewRelyingPartyOIDC(ctx, a.Issuer, a.ClientID, "", a.RedirectURI, scopes,
		rp.WithHTTPClient(client),
		rp.WithVerifierOpts(rp.WithNonce(wantedNonce)))
	if err != nil {
		return nil, fmt.Errorf("find the issuer %s: %w", a.Issuer, err)
	}
	return party, nil
}

type nonceKey struct{}

func wantedNonce(ctx context.Context) string {
	nonce, _ := ctx.Value(nonceKey{}).(string)
	return nonce
}

// Fresh goes through an authorization code flow with PKCE.
func (a Account) Fresh(ctx context.Context) (Tokens, error) {
	party, err := a.relyingParty(ctx)
	if err != nil {
		return Tokens{}, err
	}
	verifier, state, nonce := oauth2.GenerateVerifier(), rand.Text(), rand.Text()
	start := party.OAuthConfig().AuthCodeURL(state,
		oauth2.S256ChallengeOption(verifier), oauth2.SetAuthURLParam("nonce", nonce))
	code, err := a.browse(ctx, start, state)
	if err != nil {
		return Tokens{}, fmt.Errorf("log in as %s: %w", a.Login, err)
	}
	ctx = context.WithValue(ctx, nonceKey{}, nonce)
	tokens, err := rp.CodeExchange[*oidc.IDTokenClaims](ctx, code, party, rp.WithCodeVerifier(verifier))
	if err != nil {
		return Tokens{}, fmt.Errorf("log in as %s: %w", a.Login, err)
	}
	return keep(tokens), nil
}

// Refresh trades a refresh token for new tokens.
func (a Account) Refresh(ctx context.Context, refresh string) (Tokens, error) {
	party, err := a.relyingParty(ctx)
	if err != nil {
		return Tokens{}, err
	}
	tokens, err := rp.RefreshTokens[*oidc.IDTokenClaims](ctx, party, refresh, "", "")
	if err != nil {
		return Tokens{}, fmt.Errorf("refresh the token of %s: %w", a.Login, err)
	}
	return keep(tokens), nil
}

func keep(tokens *oidc.Tokens[*oidc.IDTokenClaims]) Tokens {
	return Tokens{
		ID:      tokens.IDToken,
		Refresh: tokens.RefreshToken,
		Issued:  tokens.IDTokenClaims.GetIssuedAt(),
		Expires: tokens.IDTokenClaims.GetExpiration(),
	}
}

// browse follows the login as a browser does and returns the code of its last redirect.
func (a Account) browse(ctx context.Context, start, state string) (string, error) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		return "", err
	}
	browser := &http.Client{Transport: a.Transport, Jar: jar, Timeout: 10 * time.Second}
	browser.CheckRedirect = func(next *http.Request, _ []*http.Request) error {
		if strings.HasPrefix(next.URL.String(), a.RedirectURI+"?") {
			return http.ErrUseLastResponse
		}
		return nil
	}
	form, address, err := visit(ctx, browser, start)
	if err != nil {
		return "", err
	}
	fields := hidden(form)
	if len(fields) == 0 {
		return "", errForm
	}
	fields.Set("login", a.Login)
	fields.Set("password", a.Password)
	target := *address
	target.RawQuery = ""
	response, err := post(ctx, browser, target.String(), fields)
	if err != nil {
		return "", err
	}
	defer func() { _ = response.Body.Close() }() // only read
	back, err := response.Location()
	if err != nil {
		return "", fmt.Errorf("the issuer refused: HTTP %d", response.StatusCode)
	}
	answer := back.Query()
	switch {
	case answer.Get("error") != "":
		return "", fmt.Errorf("the issuer refused: %s %s", answer.Get("error"), answer.Get("error_description"))
	case answer.Get("state") != state:
		return "", errors.New("the issuer answered another login")
	case answer.Get("code") == "":
		return "", errors.New("the issuer sent no code")
	}
	return answer.Get("code"), nil
}

// visit returns a page and where it was found after redirects.
func visit(ctx context.Context, browser *http.Client, address string) (string, *url.URL, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", nil, err
	}
	response, err := browser.Do(request)
	if err != nil {
		return "", nil, err
	}
	defer func() { _ = response.Body.Close() }() // only read
	text, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return "", nil, err
	}
	if response.StatusCode != http.StatusOK {
		return "", nil, fmt.Errorf("the issuer refused: HTTP %d", response.StatusCode)
	}
	return string(text), response.Request.URL, nil
}

func post(ctx context.Context, browser *http.Client, address string, fields url.Values) (*http.Response, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(fields.Encode()))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return browser.Do(request)
}

var hiddenField = regexp.MustCompile(`<input type="hidden" name="([a-z]+)" value="([^"]*)">`)

// hidden are the fields of a form that go back as they came.
func hidden(form string) url.Values {
	fields := url.Values{}
	for _, match := range hiddenField.FindAllStringSubmatch(form, -1) {
		fields.Set(match[1], match[2])
	}
	return fields
}
