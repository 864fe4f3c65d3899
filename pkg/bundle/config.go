package bundle

import (
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/open-policy-agent/opa/v1/bundle"
	"github.com/open-policy-agent/opa/v1/download"
	"github.com/open-policy-agent/opa/v1/keys"
	"github.com/open-policy-agent/opa/v1/logging"
	"github.com/open-policy-agent/opa/v1/plugins/rest"

	"gatehouse.dev/gatehouse/pkg/config"
)

// maxFile is how large one file of a bundle may be, in bytes.
const maxFile = 1 << 20

// newDownloader puts OPA's own poller together. OPA writes no log: what it has to say
// comes with each update.
func newDownloader(b config.PolicyBundle) (*download.Downloader, error) {
	key, err := os.ReadFile(b.Key.PublicKeyFile)
	if err != nil {
		return nil, fmt.Errorf("policy bundle %s: public key: %w", b.Name, err)
	}
	known := map[string]*keys.Config{b.Key.ID: {Key: string(key), Algorithm: b.Key.Algorithm}}
	at, err := url.Parse(b.URL)
	if err != nil {
		return nil, fmt.Errorf("policy bundle %s: %w", b.Name, err)
	}
	path := at.RequestURI()
	service := map[string]any{"name": b.Name, "url": strings.TrimSuffix(b.URL, path), "response_header_timeout_seconds": 10}
	if b.CAFile != "" {
		service["tls"] = map[string]any{"ca_cert": b.CAFile}
	}
	if b.TokenFile != "" {
		service["credentials"] = map[string]any{"bearer": map[string]any{"token_path": b.TokenFile}}
	}
	raw, err := json.Marshal(service)
	if err != nil {
		return nil, fmt.Errorf("policy bundle %s: %w", b.Name, err)
	}
	client, err := rest.New(raw, known, rest.Logger(logging.NewNoOpLogger()))
	if err != nil {
		return nil, fmt.Errorf("policy bundle %s: %w", b.Name, err)
	}
	least, most := seconds(b.MinDelay.Duration, 60), seconds(b.MaxDelay.Duration, 120)
	polling := download.Config{Polling: download.PollingConfig{MinDelaySeconds: &least, MaxDelaySeconds: &most}}
	if err := polling.ValidateAndInjectDefaults(); err != nil {
		return nil, fmt.Errorf("policy bundle %s: %w", b.Name, err)
	}
	return download.New(polling, client, strings.TrimPrefix(path, "/")).
		WithBundleName(b.Name).
		WithBundleVerificationConfig(bundle.NewVerificationConfig(known, b.Key.ID, "", nil)).
		WithSizeLimitBytes(maxFile), nil
}

func seconds(d time.Duration, otherwise int64) int64 {
	if d == 0 {
		return otherwise
	}
	return max(1, int64(d/time.Second))
}
