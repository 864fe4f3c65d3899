package main

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"gatehouse.dev/gatehouse/test/conformance"
	"gatehouse.dev/gatehouse/test/local"
)

// startFloor runs the floor as a process of its own; stop ends it.
func startFloor(ctx context.Context) (at address, stop func(), err error) {
	self, err := os.Executable()
	if err != nil {
		return at, nil, fmt.Errorf("find this program: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	cmd := exec.CommandContext(ctx, self, floor)
	cmd.Stderr = os.Stderr
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	out, err := cmd.StdoutPipe()
	if err == nil {
		err = cmd.Start()
	}
	if err != nil {
		cancel()
		return at, nil, fmt.Errorf("start the floor: %w", err)
	}
	stop = func() { cancel(); _ = cmd.Wait() }
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &at)
	}
	if err != nil {
		stop()
		return at, nil, fmt.Errorf("address of the floor: %w", err)
	}
	return at, stop, nil
}

// straight are the cases that leave the API server out: the same bytes to the floor and to
// Gatehouse, over TLS and HTTP/1.1.
func straight(ctx context.Context, c *local.Cluster, at address) ([]pair, error) {
	url, roots, err := webhook(ctx, c)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	certificate, err := x509.ParseCertificate(at.CA)
	if err != nil {
		return nil, fmt.Errorf("certificate of the floor: %w", err)
	}
	pool.AddCert(certificate)
	under, ours := poster(pool), poster(roots)
	var pairs []pair
	for _, b := range conformance.Benchmarks() {
		bodies, err := conformance.Creation(ctx, conformance.AskHTTP(ours, url), b.Manifest)
		if err != nil {
			return nil, fmt.Errorf("reviews of a %s: %w", b.Name, err)
		}
		for _, body := range bodies {
			phase, _, _ := strings.Cut(strings.TrimPrefix(body.Path, "/"), "/")
			pairs = append(pairs, pair{name: fmt.Sprintf("straight: %s a %s", phase, b.Name),
				without: post(under, at.URL+"/"+phase, body.Raw),
				with:    post(ours, url+body.Path, body.Raw),
			})
		}
	}
	return pairs, nil
}

// webhook is where Gatehouse's webhooks answer, and what they are trusted by.
func webhook(ctx context.Context, c *local.Cluster) (url string, roots *x509.CertPool, err error) {
	admin, err := c.As("admin")
	if err != nil {
		return "", nil, err
	}
	kube, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return "", nil, fmt.Errorf("client of admin: %w", err)
	}
	config, err := kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(ctx, "gatehouse", metav1.GetOptions{})
	if err != nil {
		return "", nil, fmt.Errorf("read the webhook configuration: %w", err)
	}
	roots = x509.NewCertPool()
	if len(config.Webhooks) == 0 || !roots.AppendCertsFromPEM(config.Webhooks[0].ClientConfig.CABundle) {
		return "", nil, errors.New("the webhook configuration has no CA")
	}
	url, err = c.Env("WEBHOOK_URL")
	return url, roots, err
}

func pemOf(der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
}

func poster(roots *x509.CertPool) *http.Client {
	return &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig:     &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}},
		MaxIdleConnsPerHost: 256,
	}}
}

// post sends a review and wants it allowed.
func post(client *http.Client, url string, body []byte) side {
	return func(ctx context.Context) error {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"?timeout=10s", bytes.NewReader(body))
		if err != nil {
			return fmt.Errorf("post %s: %w", url, err)
		}
		request.Header.Set("Content-Type", "application/json")
		response, err := client.Do(request)
		if err != nil {
			return fmt.Errorf("post %s: %w", url, err)
		}
		text, err := io.ReadAll(response.Body)
		if err = errors.Join(err, response.Body.Close()); err != nil {
			return fmt.Errorf("read the answer of %s: %w", url, err)
		}
		if response.StatusCode != http.StatusOK || !bytes.Contains(text, []byte(`"allowed":true`)) {
			return fmt.Errorf("%s answered %d: %s", url, response.StatusCode, text)
		}
		return nil
	}
}
