package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"gatehouse.dev/gatehouse/test/conformance"
	"gatehouse.dev/gatehouse/test/drive"
	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/test/local"
	"gatehouse.dev/gatehouse/test/rivals"
)

// deadline is when a review straight to a webhook is given up.
const deadline = 5 * time.Second

// duel is one review to the floor and to Gatehouse.
type duel struct {
	name        string
	floor, ours drive.Load
}

// duels are the reviews that are sent straight: the same bytes to both sides.
func duels(ctx context.Context, c *local.Cluster, at, fifteen floor.Address) ([]duel, error) {
	url, ca, err := c.Webhook(ctx)
	if err != nil {
		return nil, err
	}
	under, ours := drive.Target{URL: at.URL, CA: at.CA}, drive.Target{URL: url, CA: ca}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(ca) {
		return nil, errors.New("the webhook's CA is no certificate")
	}
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
	more, err := fifteenDuels(ctx, conformance.AskHTTP(client, url), under, fifteen)
	return append(all, more...), err
}

// fifteenDuels are of a Pod that the fifteen rules allow, beside the floor.
func fifteenDuels(ctx context.Context, ask conformance.Ask, under drive.Target, at floor.Address) ([]duel, error) {
	manifest, err := json.Marshal(object("v1", "Pod", "load", pod()))
	if err != nil {
		return nil, fmt.Errorf("the Pod: %w", err)
	}
	bodies, err := conformance.Creation(ctx, ask, string(manifest))
	if err != nil {
		return nil, fmt.Errorf("reviews of the Pod: %w", err)
	}
	validating := bodies[len(bodies)-1].Raw
	var all []duel
	for _, rival := range []struct{ name, path string }{{"fifteen rules in Gatehouse", rivals.PathGatehouse}, {"fifteen rules in OPA", rivals.PathOPA}} {
		d := duel{name: "validate a small pod, " + rival.name}
		if d.floor, err = loadOf(under, "/validate", validating); err != nil {
			return nil, err
		}
		if d.ours, err = loadOf(drive.Target{URL: at.URL, CA: at.CA}, rival.path, validating); err != nil {
			return nil, err
		}
		all = append(all, d)
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
