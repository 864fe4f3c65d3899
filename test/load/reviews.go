package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse.dev/gatehouse/test/conformance"
	"gatehouse.dev/gatehouse/test/drive"
	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/test/local"
)

// deadline is when a review straight to a webhook is given up.
const deadline = 5 * time.Second

// duel is one review to the floor and to Gatehouse.
type duel struct {
	name        string
	floor, ours drive.Load
}

// duels are the reviews that are sent straight: the same bytes to both sides.
func duels(ctx context.Context, c *local.Cluster, at floor.Address) ([]duel, error) {
	url, roots, err := c.Webhook(ctx)
	if err != nil {
		return nil, err
	}
	certificate, err := x509.ParseCertificate(at.CA)
	if err != nil {
		return nil, fmt.Errorf("certificate of the floor: %w", err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(certificate)
	under, ours := drive.Target{URL: at.URL, Roots: pool}, drive.Target{URL: url, Roots: roots}
	client := &http.Client{Timeout: 30 * time.Second, Transport: &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12},
	}}
	var all []duel
	for _, b := range conformance.Benchmarks() {
		bodies, err := conformance.Creation(ctx, conformance.AskHTTP(client, url), b.Manifest)
		if err != nil {
			return nil, fmt.Errorf("reviews of a %s: %w", b.Name, err)
		}
		for _, body := range bodies {
			phase, _, _ := strings.Cut(strings.TrimPrefix(body.Path, "/"), "/")
			d := duel{name: phase + " a " + b.Name}
			if d.floor, err = loadOf(under, "/"+phase, body.Raw); err != nil {
				return nil, err
			}
			if d.ours, err = loadOf(ours, body.Path, body.Raw); err != nil {
				return nil, err
			}
			all = append(all, d)
		}
	}
	return all, nil
}

func loadOf(t drive.Target, path string, body []byte) (drive.Load, error) {
	request, err := t.Request(path, body, deadline)
	if err != nil {
		return drive.Load{}, fmt.Errorf("review for %s: %w", path, err)
	}
	return drive.Load{Target: t, Requests: [][]byte{request}, Deadline: deadline}, nil
}
