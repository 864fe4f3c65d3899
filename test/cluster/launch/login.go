package launch

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
	"gatehouse.dev/gatehouse/test/cluster/issuer"
	"gatehouse.dev/gatehouse/test/cluster/login"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Tokens returns good tokens of a user of the sample issuer. They are kept below oidc/,
// readable for their owner only.
func Tokens(ctx context.Context, dir state.Dir, user string) (login.Tokens, error) {
	if _, found := issuer.Find(user); !found {
		return login.Tokens{}, fmt.Errorf("the sample issuer does not know %q", user)
	}
	env, err := dir.ReadEnv()
	if err != nil {
		return login.Tokens{}, err
	}
	passwords, err := issuer.ReadPasswords(dir.Path("oidc", "passwords.json"))
	if err != nil {
		return login.Tokens{}, err
	}
	transport, err := api.Transport(env["CA_FILE"], "", "")
	if err != nil {
		return login.Tokens{}, err
	}
	account := login.Account{
		Issuer:      env["OIDC_ISSUER_URL"],
		ClientID:    issuer.ClientID,
		RedirectURI: issuer.RedirectURI,
		Login:       user,
		Password:    passwords[user],
		Transport:   transport,
	}
	return account.Current(ctx, dir.Path("oidc", user+".json"), time.Now)
}

// tryLogin logs a sample user in and asks the API server whom it sees.
func (r *run) tryLogin(ctx context.Context) error {
	user := issuer.Samples()[0]
	tokens, err := Tokens(ctx, r.dir, user)
	if err != nil {
		return err
	}
	transport, err := api.Transport(r.plan.CAFile(), "", "")
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	body := strings.NewReader(`{"apiVersion":"authentication.k8s.io/v1","kind":"SelfSubjectReview"}`)
	address := r.plan.APIServerURL() + "/apis/authentication.k8s.io/v1/selfsubjectreviews"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("Authorization", "Bearer "+tokens.ID)
	response, err := (&http.Client{Transport: transport, Timeout: 5 * time.Second}).Do(request)
	if err != nil {
		return err
	}
	defer func() { _ = response.Body.Close() }() // only read
	if response.StatusCode != http.StatusCreated {
		return fmt.Errorf("the API server answers %s to %s", response.Status, user)
	}
	return nil
}
