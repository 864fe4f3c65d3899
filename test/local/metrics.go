package local

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"k8s.io/client-go/rest"
)

// Families are metrics by name.
type Families map[string]*dto.MetricFamily

// ServerMetrics are those of the API server, which asks who reads them.
func ServerMetrics(ctx context.Context, server rest.Interface) (Families, error) {
	raw, err := server.Get().AbsPath("/metrics").DoRaw(ctx)
	if err != nil {
		return nil, fmt.Errorf("metrics of the API server: %w", err)
	}
	return parse("the API server", bytes.NewReader(raw))
}

// MetricsAt are those of a webhook or of the provisioner, by their address.
func MetricsAt(ctx context.Context, url string) (Families, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, fmt.Errorf("metrics of %s: %w", url, err)
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return nil, fmt.Errorf("metrics of %s: %w", url, err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("metrics of %s: %s", url, response.Status)
	}
	return parse(url, response.Body)
}

func parse(whose string, text io.Reader) (Families, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(text)
	if err != nil {
		return nil, fmt.Errorf("metrics of %s: %w", whose, err)
	}
	return families, nil
}
