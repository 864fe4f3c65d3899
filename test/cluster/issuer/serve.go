package issuer

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/zitadel/oidc/v3/pkg/op"
	"golang.org/x/text/language"
)

// Config is what the provider needs.
type Config struct {
	URL             string // issuer, as in iss
	Listen          string // host:port
	CertFile        string
	KeyFile         string
	SigningKey      *rsa.PrivateKey
	Passwords       Passwords
	IDTokenLifetime time.Duration
}

// Handler is the provider with its login form.
func Handler(config Config) (http.Handler, error) {
	store := newStorage(config.SigningKey, config.IDTokenLifetime)
	settings := &op.Config{
		CodeMethodS256:        true,
		GrantTypeRefreshToken: true,
		SupportedUILocales:    []language.Tag{language.English},
		SupportedScopes:       []string{"openid", "profile", "email", groupsScope, "offline_access"},
	}
	if _, err := rand.Read(settings.CryptoKey[:]); err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	provider, err := op.NewProvider(settings, store, op.StaticIssuer(config.URL))
	if err != nil {
		return nil, fmt.Errorf("issuer: %w", err)
	}
	form := loginForm{store: store, passwords: config.Passwords, done: op.AuthCallbackURL(provider)}
	mux := http.NewServeMux()
	mux.Handle("GET "+loginPath, http.HandlerFunc(form.show))
	mux.Handle("POST "+loginPath, op.NewIssuerInterceptor(provider.IssuerFromRequest).HandlerFunc(form.submit))
	mux.Handle("/", provider)
	return mux, nil
}

// Serve answers over TLS until ctx ends.
func Serve(ctx context.Context, config Config) error {
	handler, err := Handler(config)
	if err != nil {
		return err
	}
	server := &http.Server{Addr: config.Listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	failed := make(chan error, 1)
	go func() { failed <- server.ListenAndServeTLS(config.CertFile, config.KeyFile) }()
	select {
	case err := <-failed:
		return fmt.Errorf("issuer: %w", err)
	case <-ctx.Done():
	}
	closing, done := context.WithTimeout(context.WithoutCancel(ctx), time.Second)
	defer done()
	if err := server.Shutdown(closing); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		return fmt.Errorf("issuer: %w", err)
	}
	return nil
}
