package cli

import (
	"context"
	"fmt"
	"time"

	"github.com/spf13/cobra"
	authenticationv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// systemNamespace is where Gatehouse lives unless a flag says otherwise.
const systemNamespace = "claude-runner-system"

// kubeFlags are kubectl's own flags for choosing a cluster and a user.
type kubeFlags struct {
	kubeconfig, context, namespace string
	timeout                        time.Duration
}

func (f *kubeFlags) bind(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.kubeconfig, "kubeconfig", "", "path of the kubeconfig (default: $KUBECONFIG, then ~/.kube/config)")
	cmd.Flags().StringVar(&f.context, "context", "", "context of the kubeconfig")
	cmd.Flags().DurationVar(&f.timeout, "request-timeout", 10*time.Second, "longest wait for one answer of the API server")
}

func (f *kubeFlags) config() clientcmd.ClientConfig {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = f.kubeconfig
	overrides := &clientcmd.ConfigOverrides{CurrentContext: f.context}
	overrides.Context.Namespace = f.namespace
	return clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, overrides)
}

// cluster is the API server as the calling user.
type cluster struct {
	client.Client
	rest      *rest.Config
	namespace string
}

// connect reads the kubeconfig; nothing is sent yet.
func (f *kubeFlags) connect() (*cluster, error) {
	config := f.config()
	cfg, err := config.ClientConfig()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	cfg.Timeout = f.timeout
	cfg.UserAgent = "gatehouse"
	namespace, _, err := config.Namespace()
	if err != nil {
		return nil, fmt.Errorf("read the kubeconfig: %w", err)
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{corev1.AddToScheme, authenticationv1.AddToScheme, v1alpha1.AddToScheme} {
		if err := add(scheme); err != nil {
			return nil, fmt.Errorf("register kinds: %w", err)
		}
	}
	c, err := client.New(cfg, client.Options{Scheme: scheme})
	if err != nil {
		return nil, fmt.Errorf("connect to %s: %w", cfg.Host, err)
	}
	return &cluster{Client: c, rest: cfg, namespace: namespace}, nil
}

// self asks the API server who is calling.
func (c *cluster) self(ctx context.Context) (authenticationv1.UserInfo, error) {
	review := &authenticationv1.SelfSubjectReview{}
	if err := c.Create(ctx, review); err != nil {
		return authenticationv1.UserInfo{}, fmt.Errorf("ask %s who is calling: %w", c.rest.Host, err)
	}
	return review.Status.UserInfo, nil
}

// unreadable reports whether an object is not there, or not there for the caller.
func unreadable(err error) bool {
	return apierrors.IsNotFound(err) || apierrors.IsForbidden(err)
}
