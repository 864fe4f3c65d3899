package local

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
)

// Webhook is where Gatehouse's first replica answers, not by way of the forwarder, and what it
// is trusted by.
func (c *Cluster) Webhook(ctx context.Context) (url string, ca []byte, err error) {
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
	if len(config.Webhooks) == 0 || len(config.Webhooks[0].ClientConfig.CABundle) == 0 {
		return "", nil, errors.New("the webhook configuration has no CA")
	}
	address, err := c.Env("WEBHOOK_ADDRESS_0")
	if err != nil {
		return "", nil, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", nil, fmt.Errorf("address of the webhook: %w", err)
	}
	// Its certificate is for names.
	return "https://localhost:" + port, config.Webhooks[0].ClientConfig.CABundle, nil
}

// PID is the process id of one part, such as webhook-0.
func (c *Cluster) PID(name string) (int, error) {
	text, err := os.ReadFile(c.File("pids", name+".pid"))
	if err != nil {
		return 0, fmt.Errorf("process of %s: %w", name, err)
	}
	first, _, _ := strings.Cut(strings.TrimSpace(string(text)), " ")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return 0, fmt.Errorf("process of %s: %w", name, err)
	}
	return pid, nil
}
