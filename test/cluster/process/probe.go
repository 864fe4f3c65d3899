package process

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"gatehouse.dev/gatehouse/test/cluster/api"
)

// Probe is how to ask whether a process is ready. The zero Probe is content when the
// process runs.
type Probe struct {
	URL       string `json:"url,omitempty"`       // answers 200 when ready
	Condition string `json:"condition,omitempty"` // URL is an object; this condition must be true
	TCP       string `json:"tcp,omitempty"`       // accepts connections when ready
	CAFile    string `json:"caFile,omitempty"`
	CertFile  string `json:"certFile,omitempty"`
	KeyFile   string `json:"keyFile,omitempty"`
}

// probeTimeout bounds one attempt.
const probeTimeout = 3 * time.Second

// Check asks once; nil is ready, an error says what is missing.
func (p Probe) Check(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, probeTimeout)
	defer cancel()
	if p.TCP != "" {
		connection, err := (&net.Dialer{}).DialContext(ctx, "tcp", p.TCP)
		if err != nil {
			return errors.New("does not accept connections yet")
		}
		return connection.Close()
	}
	if p.URL == "" {
		return nil
	}
	transport, err := api.Transport(p.CAFile, p.CertFile, p.KeyFile)
	if err != nil {
		return err
	}
	defer transport.CloseIdleConnections()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, p.URL, nil)
	if err != nil {
		return fmt.Errorf("probe %s: %w", p.URL, err)
	}
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return errors.New("does not answer yet")
	}
	defer func() { _ = response.Body.Close() }() // only read
	body, err := io.ReadAll(io.LimitReader(response.Body, 1<<20))
	if err != nil {
		return fmt.Errorf("probe %s: %w", p.URL, err)
	}
	if response.StatusCode != http.StatusOK {
		return fmt.Errorf("HTTP %d: %s", response.StatusCode, oneLine(string(body)))
	}
	if p.Condition == "" {
		return nil
	}
	object := api.Object{}
	if err := json.Unmarshal(body, &object); err != nil {
		return fmt.Errorf("probe %s: %w", p.URL, err)
	}
	if !api.Condition(object, p.Condition) {
		return fmt.Errorf("condition %s is not true", p.Condition)
	}
	return nil
}

// oneLine keeps what is wrong out of a health page: the lines that say so, shortened.
func oneLine(text string) string {
	var wrong []string
	for line := range strings.SplitSeq(strings.TrimSpace(text), "\n") {
		if line = strings.TrimSpace(line); line != "" && !strings.HasPrefix(line, "[+]") {
			wrong = append(wrong, line)
		}
	}
	joined := strings.Join(wrong, "; ")
	if len(joined) > 200 {
		joined = joined[:200] + "..."
	}
	return joined
}
