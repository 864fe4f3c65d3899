package main

import (
	"context"
	"fmt"
	"io"

	"k8s.io/client-go/kubernetes"

	"gatehouse.dev/gatehouse/test/floor"
	"gatehouse.dev/gatehouse/test/local"
)

// through measures the writes through the API server.
func through(ctx context.Context, c *local.Cluster, at, fifteen floor.Address, clients []int, requests int, stderr io.Writer) ([]row, error) {
	admin, err := c.As("admin")
	if err != nil {
		return nil, err
	}
	kube, err := kubernetes.NewForConfig(admin)
	if err != nil {
		return nil, fmt.Errorf("client of admin: %w", err)
	}
	if err := competitors(ctx, kube, at, fifteen); err != nil {
		return nil, err
	}
	pairs, err := writes(ctx, c)
	if err != nil {
		return nil, err
	}
	var rows []row
	for _, n := range clients {
		for _, p := range pairs {
			_, _ = fmt.Fprintf(stderr, "%s, %d clients ...\n", p.name, n)
			r, err := compare(ctx, p, n, requests)
			if err != nil {
				return nil, err
			}
			rows = append(rows, r)
		}
	}
	return rows, nil
}
