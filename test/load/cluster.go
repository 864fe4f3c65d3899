package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// cluster is a running local cluster, ours to end or somebody else's.
type cluster struct {
	launcher, state string
	ours            bool
}

// open uses the cluster of o.state or starts one of its own.
func open(ctx context.Context, o options, stderr io.Writer) (*cluster, error) {
	c := &cluster{launcher: o.launcher, state: o.state}
	if c.state != "" {
		return c, nil
	}
	var err error
	if c.state, err = os.MkdirTemp("", "gatehouse-load-"); err != nil {
		return nil, fmt.Errorf("state of the cluster: %w", err)
	}
	c.ours = true
	up := c.command(ctx, "up")
	up.Stdout, up.Stderr = stderr, stderr
	if err := up.Run(); err != nil {
		_ = c.close(ctx)
		return nil, fmt.Errorf("start the cluster: %w", err)
	}
	return c, nil
}

func (c *cluster) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.launcher, args...)
	cmd.Env = append(os.Environ(), "STATE="+c.state)
	return cmd
}

// close ends a cluster of ours; it does so too after an interrupt.
func (c *cluster) close(ctx context.Context) error {
	if !c.ours {
		return nil
	}
	out, err := c.command(context.WithoutCancel(ctx), "down").CombinedOutput()
	if err != nil {
		return fmt.Errorf("end the cluster: %w: %s", err, out)
	}
	if err := os.RemoveAll(c.state); err != nil {
		return fmt.Errorf("remove the state of the cluster: %w", err)
	}
	return nil
}

// as is a user's connection, without a limit of its own on requests.
func (c *cluster) as(user string) (*rest.Config, error) {
	path := filepath.Join(c.state, "kubeconfig", user+".yaml")
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig of %s: %w", user, err)
	}
	config.QPS = -1
	config.WarningHandlerWithContext = rest.NoWarnings{}
	return config, nil
}

// process is a line of the launcher's status.
type process struct {
	Name string `json:"process"`
	// RSS is the resident memory in bytes.
	RSS int64 `json:"rssBytes"`
}

func (c *cluster) processes(ctx context.Context) ([]process, error) {
	out, err := c.command(ctx, "status", "-o", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("status of the cluster: %w", err)
	}
	var all []process
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("status of the cluster: %w", err)
	}
	return all, nil
}
