package login

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/test/cluster/issuer"
)

// provider is the real sample issuer over TLS.
type provider struct {
	*httptest.Server
	handler   http.Handler
	passwords issuer.Passwords
	key       *rsa.PrivateKey
}

func newProvider(t *testing.T) *provider {
	t.Helper()
	p := &provider{passwords: issuer.NewPasswords()}
	var err error
	if p.key, err = rsa.GenerateKey(rand.Reader, 2048); err != nil {
		t.Fatal(err)
	}
	p.Server = httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { p.handler.ServeHTTP(w, r) }))
	t.Cleanup(p.Close)
	p.forget(t)
	return p
}

// forget starts the issuer anew: its keys stay, its logins are gone.
func (p *provider) forget(t *testing.T) {
	t.Helper()
	handler, err := issuer.Handler(issuer.Config{
		URL: p.URL, SigningKey: p.key, Passwords: p.passwords, IDTokenLifetime: 5 * time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	p.handler = handler
}

func (p *provider) account(user string) Account {
	return Account{
		Issuer: p.URL, ClientID: issuer.ClientID, RedirectURI: issuer.RedirectURI,
		Login: user, Password: p.passwords[user], Transport: p.Client().Transport,
	}
}

func claims(t *testing.T, token string) map[string]any {
	t.Helper()
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		t.Fatalf("no JWT with %d parts", len(parts))
	}
	text, err := base64.RawURLEncoding.DecodeString(parts[1])
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]any{}
	if err := json.Unmarshal(text, &all); err != nil {
		t.Fatal(err)
	}
	about := map[string]any{}
	for _, name := range []string{"sub", "email", "email_verified", "name", "groups"} {
		if value, found := all[name]; found {
			about[name] = value
		}
	}
	return about
}

func TestClaims(t *testing.T) {
	p := newProvider(t)
	tests := map[string]map[string]any{
		"alice": {
			"sub": "alice", "email": "alice@acme.example", "email_verified": true,
			"name": "Alice Archer", "groups": []any{"acme"},
		},
		"mallory-unverified": {
			"sub": "mallory-unverified", "email": "alice@acme.example", "email_verified": false, "name": "Mallory Mask",
		},
		"odd-subject": {
			"sub": `auth0|Zoë.O'Hara/7 "x"--Y`, "email": "zoe@initech.example", "email_verified": true, "name": "Zoë O'Hara",
		},
		"no-verified-claim": {"sub": "no-verified-claim", "email": "frank@initech.example", "name": "Frank Field"},
		"bare":              {"sub": "bare"},
	}
	for user, want := range tests {
		t.Run(user, func(t *testing.T) {
			tokens, err := p.account(user).Fresh(context.Background())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, claims(t, tokens.ID)); diff != "" {
				t.Errorf("claims of a login (-want +got):\n%s", diff)
			}
			refreshed, err := p.account(user).Refresh(context.Background(), tokens.Refresh)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want, claims(t, refreshed.ID)); diff != "" {
				t.Errorf("claims after a refresh (-want +got):\n%s", diff)
			}
			if lifetime := tokens.Expires.Sub(tokens.Issued); lifetime != 5*time.Minute {
				t.Errorf("lifetime %s, want 5m", lifetime)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	p := newProvider(t)
	wrong := p.account("alice")
	wrong.Password = p.passwords["bob"]
	nobody := p.account("nobody")
	stranger := p.account("alice")
	stranger.ClientID = "another-client"
	for name, account := range map[string]Account{"password of bob": wrong, "unknown user": nobody, "unknown client": stranger} {
		t.Run(name, func(t *testing.T) {
			if _, err := account.Fresh(context.Background()); err == nil {
				t.Fatal("logged in")
			}
		})
	}
}

func TestRefreshTokenWorksOnce(t *testing.T) {
	p := newProvider(t)
	account := p.account("alice")
	tokens, err := account.Fresh(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := account.Refresh(context.Background(), tokens.Refresh); err != nil {
		t.Fatal(err)
	}
	if _, err := account.Refresh(context.Background(), tokens.Refresh); err == nil {
		t.Fatal("a used refresh token works again")
	}
}

// Without PKCE a code on its way through a browser is worth a token to anybody.
func TestPKCEIsRequired(t *testing.T) {
	p := newProvider(t)
	client := p.Client()
	client.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := client.Get(p.URL + "/authorize?" + url.Values{
		"client_id": {issuer.ClientID}, "redirect_uri": {issuer.RedirectURI},
		"response_type": {"code"}, "scope": {"openid"}, "state": {"s"},
	}.Encode())
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	if location := response.Header.Get("Location"); !strings.Contains(location, "error=invalid_request") {
		t.Fatalf("got %s to %q, want a refusal", response.Status, location)
	}
}

func TestCurrent(t *testing.T) {
	p := newProvider(t)
	account := p.account("alice")
	path := filepath.Join(t.TempDir(), "alice.json")
	at := func(moment time.Time) Tokens {
		t.Helper()
		tokens, err := account.Current(context.Background(), path, func() time.Time { return moment })
		if err != nil {
			t.Fatal(err)
		}
		return tokens
	}
	now := time.Now()
	first := at(now)
	if again := at(now.Add(3 * time.Minute)); again.ID != first.ID {
		t.Error("a good token was replaced")
	}
	refreshed := at(now.Add(4*time.Minute + 10*time.Second))
	if refreshed.Refresh == first.Refresh {
		t.Error("a token near its end was kept")
	}
	p.forget(t)
	if after := at(now.Add(10 * time.Minute)); after.Refresh == refreshed.Refresh {
		t.Error("no new login after the issuer forgot the refresh token")
	}
	if err := os.WriteFile(path, []byte("rubbish"), 0o600); err != nil {
		t.Fatal(err)
	}
	at(now)
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if info.Mode().Perm() != 0o600 {
		t.Errorf("token file is %s", info.Mode())
	}
}
