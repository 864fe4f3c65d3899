package install

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

// Accounts are the ServiceAccounts under which Gatehouse's servers run.
var Accounts = []string{"gatehouse-webhook", "gatehouse-provisioner"}

// Tokens are good for an hour and replaced after a third of it; clients read the file
// again every minute.
const (
	tokenLifetime = time.Hour
	tokenRefresh  = 20 * time.Minute
	tokenCheck    = 30 * time.Second
)

// TokenFile is where the token of an account is kept.
func TokenFile(dir state.Dir, account string) string { return dir.Credential(account + ".token") }

// WriteToken asks for a token of an account and replaces its file in one step.
func WriteToken(ctx context.Context, admin *api.Client, dir state.Dir, account string) error {
	path := "/api/v1/namespaces/" + SystemNamespace + "/serviceaccounts/" + account + "/token"
	answer, err := admin.Post(ctx, path, api.Object{
		"apiVersion": "authentication.k8s.io/v1",
		"kind":       "TokenRequest",
		"spec":       api.Object{"expirationSeconds": int64(tokenLifetime / time.Second)},
	})
	if err != nil {
		return fmt.Errorf("token of %s: %w", account, err)
	}
	token := api.String(answer, "status", "token")
	if token == "" {
		return fmt.Errorf("token of %s: the API server sent none", account)
	}
	file := TokenFile(dir, account)
	if err := os.WriteFile(file+".new", []byte(token), 0o600); err != nil {
		return fmt.Errorf("token of %s: %w", account, err)
	}
	if err := os.Rename(file+".new", file); err != nil {
		return fmt.Errorf("token of %s: %w", account, err)
	}
	return nil
}

// KeepTokens replaces the token files of a cluster before they expire, until ctx ends.
// An API server that is down is asked again later.
func KeepTokens(ctx context.Context, dir state.Dir, complaints io.Writer) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tokenCheck):
		}
		for _, account := range Accounts {
			info, err := os.Stat(TokenFile(dir, account))
			if errors.Is(err, os.ErrNotExist) || (err == nil && time.Since(info.ModTime()) < tokenRefresh) {
				continue // nobody runs under this account, or its token is young
			}
			if err := refresh(ctx, dir, account); err != nil {
				fmt.Fprintln(complaints, "refresh:", err)
			}
		}
	}
}

func refresh(ctx context.Context, dir state.Dir, account string) error {
	env, err := dir.ReadEnv()
	if err != nil {
		return err
	}
	admin, err := api.New(env["APISERVER_URL"], env["CA_FILE"], dir.PKI("admin.crt"), dir.PKI("admin.key"))
	if err != nil {
		return err
	}
	return WriteToken(ctx, admin, dir, account)
}
