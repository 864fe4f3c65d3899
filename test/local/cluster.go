// Package local is a local cluster that a program starts for itself, or one that runs
// already.
package local

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
)

// Cluster is a running local cluster, ours to end or somebody else's.
type Cluster struct {
	launcher, state string
	env             []string
	ours            bool
}

// Options of a cluster.
type Options struct {
	// State is the folder of a running cluster; "" starts one.
	State string
	// Launcher is the program that starts clusters.
	Launcher string
	// Env are the launcher's variables, such as REPLICAS=3.
	Env []string
}

// Open uses the cluster of o.State or starts one of its own, told of on stderr.
func Open(ctx context.Context, o Options, stderr io.Writer) (*Cluster, error) {
	c := &Cluster{launcher: o.Launcher, state: o.State, env: o.Env}
	if c.state != "" {
		return c, nil
	}
	var err error
	if c.state, err = os.MkdirTemp("", "gatehouse-local-"); err != nil {
		return nil, fmt.Errorf("state of the cluster: %w", err)
	}
	c.ours = true
	up := c.Command(ctx, "up")
	up.Stdout, up.Stderr = stderr, stderr
	if err := up.Run(); err != nil {
		_ = c.Close(ctx)
		return nil, fmt.Errorf("start the cluster: %w", err)
	}
	return c, nil
}

// Command runs the launcher on the cluster, for example with stop webhook-0.
func (c *Cluster) Command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, c.launcher, args...)
	cmd.Env = append(append(os.Environ(), "STATE="+c.state), c.env...)
	return cmd
}

// Close ends a cluster of ours; it does so too after an interrupt.
func (c *Cluster) Close(ctx context.Context) error {
	if !c.ours {
		return nil
	}
	out, err := c.Command(context.WithoutCancel(ctx), "down").CombinedOutput()
	if err != nil {
		return fmt.Errorf("end the cluster: %w: %s", err, out)
	}
	if err := os.RemoveAll(c.state); err != nil {
		return fmt.Errorf("remove the state of the cluster: %w", err)
	}
	return nil
}

// As is a user's connection, without a limit of its own on requests.
func (c *Cluster) As(user string) (*rest.Config, error) {
	path := filepath.Join(c.state, "kubeconfig", user+".yaml")
	config, err := clientcmd.BuildConfigFromFlags("", path)
	if err != nil {
		return nil, fmt.Errorf("kubeconfig of %s: %w", user, err)
	}
	config.QPS = -1
	config.WarningHandlerWithContext = rest.NoWarnings{}
	return config, nil
}

// Process is a line of the launcher's status.
type Process struct {
	Name string `json:"process"`
	// RSS is the resident memory in bytes.
	RSS int64 `json:"rssBytes"`
}

// Processes lists what runs.
func (c *Cluster) Processes(ctx context.Context) ([]Process, error) {
	out, err := c.Command(ctx, "status", "-o", "json").Output()
	if err != nil {
		return nil, fmt.Errorf("status of the cluster: %w", err)
	}
	var all []Process
	if err := json.Unmarshal(out, &all); err != nil {
		return nil, fmt.Errorf("status of the cluster: %w", err)
	}
	return all, nil
}

// File is a path below the cluster's folder.
func (c *Cluster) File(elements ...string) string {
	return filepath.Join(append([]string{c.state}, elements...)...)
}

// Metrics are the addresses of the metrics of all webhooks.
func (c *Cluster) Metrics() ([]string, error) {
	all, err := c.variables()
	if err != nil {
		return nil, err
	}
	var out []string
	for _, name := range slices.Sorted(maps.Keys(all)) {
		if strings.HasPrefix(name, "METRICS_URL_WEBHOOK_") {
			out = append(out, all[name])
		}
	}
	return out, nil
}

// Env is one of the cluster's variables, such as WEBHOOK_URL.
func (c *Cluster) Env(name string) (string, error) {
	all, err := c.variables()
	if err != nil {
		return "", err
	}
	value, ok := all[name]
	if !ok {
		return "", fmt.Errorf("env of the cluster: there is no %s", name)
	}
	return value, nil
}

func (c *Cluster) variables() (map[string]string, error) {
	text, err := os.ReadFile(c.File("env"))
	if err != nil {
		return nil, fmt.Errorf("env of the cluster: %w", err)
	}
	out := map[string]string{}
	for line := range strings.Lines(string(text)) {
		name, value, _ := strings.Cut(strings.TrimSpace(line), "=")
		out[name] = value
	}
	return out, nil
}
