// Package api is the little that the launcher says to the API server: read an object,
// apply one, ask for a ServiceAccount token. The launcher is on everybody's way to a
// first `make run`, so it does without the Kubernetes client and compiles in seconds.
// It imports the standard library only.
package api

import (
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"
)

// Object is any Kubernetes object as JSON decodes it.
type Object = map[string]any

// Client talks to one API server under one client certificate. It is safe for
// concurrent use.
type Client struct {
	url  string
	http *http.Client
}

// New makes a client of PEM files; certificate and key may be empty.
func New(url, caFile, certFile, keyFile string) (*Client, error) {
	transport, err := Transport(caFile, certFile, keyFile)
	if err != nil {
		return nil, err
	}
	return &Client{url: url, http: &http.Client{Transport: transport, Timeout: 35 * time.Second}}, nil
}

// Transport trusts an authority and shows a client certificate; each may be empty.
func Transport(caFile, certFile, keyFile string) (*http.Transport, error) {
	config := &tls.Config{MinVersion: tls.VersionTLS12}
	if caFile != "" {
		authority, err := os.ReadFile(caFile)
		if err != nil {
			return nil, fmt.Errorf("read authority: %w", err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(authority) {
			return nil, fmt.Errorf("authority %s holds no certificate", caFile)
		}
	}
	if certFile != "" {
		pair, err := tls.LoadX509KeyPair(certFile, keyFile)
		if err != nil {
			return nil, fmt.Errorf("read client certificate: %w", err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return &http.Transport{TLSClientConfig: config, ForceAttemptHTTP2: true, IdleConnTimeout: time.Minute}, nil
}

// StatusError is an answer other than 2xx.
type StatusError struct {
	Code    int
	Message string
}

func (e *StatusError) Error() string { return fmt.Sprintf("HTTP %d: %s", e.Code, e.Message) }

// Get reads a path.
func (c *Client) Get(ctx context.Context, path string) (Object, error) {
	return c.do(ctx, http.MethodGet, path, "application/json", nil)
}

// Post creates what body says at a path.
func (c *Client) Post(ctx context.Context, path string, body Object) (Object, error) {
	return c.do(ctx, http.MethodPost, path, "application/json", body)
}

func (c *Client) do(ctx context.Context, method, path, contentType string, body Object) (Object, error) {
	return c.doAccept(ctx, method, path, contentType, "application/json", body)
}

func (c *Client) doAccept(ctx context.Context, method, path, contentType, accept string, body Object) (Object, error) {
	var content io.Reader
	if body != nil {
		text, err := json.Marshal(body)
		if err != nil {
			return nil, fmt.Errorf("%s %s: %w", method, path, err)
		}
		content = bytes.NewReader(text)
	}
	request, err := http.NewRequestWithContext(ctx, method, c.url+path, content)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("Accept", accept)
	request.Header.Set("User-Agent", "gatehouse-cluster")
	response, err := c.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }() // only read
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, err)
	}
	object := Object{}
	decodeErr := json.Unmarshal(text, &object)
	if response.StatusCode/100 != 2 {
		message, _ := object["message"].(string)
		if message == "" {
			message = strings.TrimSpace(string(text))
		}
		return nil, fmt.Errorf("%s %s: %w", method, path, &StatusError{Code: response.StatusCode, Message: message})
	}
	if decodeErr != nil {
		return nil, fmt.Errorf("%s %s: %w", method, path, decodeErr)
	}
	return object, nil
}

// Field digs into an object; it is nil where the way ends early.
func Field(object any, path ...string) any {
	for _, name := range path {
		fields, isObject := object.(map[string]any)
		if !isObject {
			return nil
		}
		object = fields[name]
	}
	return object
}

// String is Field for texts, empty where there is none.
func String(object any, path ...string) string {
	text, _ := Field(object, path...).(string)
	return text
}

// Condition says whether an object reports a condition as true.
func Condition(object Object, kind string) bool {
	return String(condition(object, kind), "status") == "True"
}

// ConditionMessage is why a condition is as it is.
func ConditionMessage(object Object, kind string) string {
	found := condition(object, kind)
	if found == nil {
		return "nothing reported yet"
	}
	return String(found, "reason") + " " + String(found, "message")
}

func condition(object Object, kind string) any {
	for _, condition := range list(object, "status", "conditions") {
		if String(condition, "type") == kind {
			return condition
		}
	}
	return nil
}
