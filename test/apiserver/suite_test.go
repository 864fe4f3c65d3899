package apiserver

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
)

// slack is how many times a bound may be passed before a test fails: a loaded machine
// is not a broken promise. The measured figure is printed.
const slack = 5

func TestAPIServer(t *testing.T) {
	if os.Getenv("GATEHOUSE_CLUSTER") == "" {
		t.Log("this suite starts a cluster: run it with make test-apiserver")
		return
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Gatehouse on a real API server")
}

// cluster is one running local cluster.
type cluster struct {
	state string
	env   map[string]string
}

// home is the cluster that most specs share.
var home *cluster

var _ = BeforeSuite(func(ctx SpecContext) {
	if state := os.Getenv("GATEHOUSE_STATE"); state != "" {
		// A cluster that is up already, to try a single spec on.
		home = &cluster{state: state, env: readEnv(filepath.Join(state, "env"))}
		return
	}
	home = start(ctx, "per-controller", "2")
}, NodeTimeout(20*time.Minute))

// start brings a cluster up and ends it with the suite.
func start(ctx context.Context, credentials, replicas string) *cluster {
	GinkgoHelper()
	return startWith(ctx, "CREDENTIALS="+credentials, "REPLICAS="+replicas)
}

// startWith is start with the launcher's variables as they are given.
func startWith(ctx context.Context, env ...string) *cluster {
	GinkgoHelper()
	state, err := os.MkdirTemp("", "gatehouse-")
	Expect(err).NotTo(HaveOccurred())
	c := &cluster{state: state}
	DeferCleanup(func() {
		c.launcher(context.Background(), "down")
		_ = os.RemoveAll(state)
	})
	began := time.Now()
	out, err := c.command(ctx, "up", env...).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "cluster up:\n%s", out)
	report("cluster with %s is up after %.1fs", strings.Join(env, " "), time.Since(began).Seconds())
	c.env = readEnv(filepath.Join(state, "env"))
	return c
}

func (c *cluster) command(ctx context.Context, action string, env ...string) *exec.Cmd {
	launcher, err := filepath.Abs("../../bin/cluster")
	Expect(err).NotTo(HaveOccurred())
	args := strings.Fields(action)
	cmd := exec.CommandContext(ctx, launcher, args...)
	cmd.Dir = "../.."
	cmd.Env = append(append(os.Environ(), "STATE="+c.state), env...)
	return cmd
}

// launcher runs a subcommand of the cluster's launcher, such as "stop webhook-0".
func (c *cluster) launcher(ctx context.Context, action string) {
	GinkgoHelper()
	out, err := c.command(ctx, action).CombinedOutput()
	Expect(err).NotTo(HaveOccurred(), "cluster %s:\n%s", action, out)
}

func readEnv(path string) map[string]string {
	GinkgoHelper()
	data, err := os.ReadFile(path)
	Expect(err).NotTo(HaveOccurred())
	env := map[string]string{}
	for line := range strings.Lines(string(data)) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), "="); ok {
			env[key] = strings.Trim(value, `'"`)
		}
	}
	return env
}

// user is one person's way to the API server.
type user struct {
	config     *rest.Config
	kube       kubernetes.Interface
	dynamic    dynamic.Interface
	mapper     *restmapper.DeferredDiscoveryRESTMapper
	kubeconfig string
	kubectlBin string
}

func (c *cluster) as(name string) *user {
	GinkgoHelper()
	return c.from(filepath.Join(c.state, "kubeconfig", name+".yaml"))
}

// from is the user of a kubeconfig.
func (c *cluster) from(path string) *user {
	GinkgoHelper()
	config, err := clientcmd.BuildConfigFromFlags("", path)
	Expect(err).NotTo(HaveOccurred())
	u := c.with(config)
	u.kubeconfig = path
	return u
}

// with is the user of a connection.
func (c *cluster) with(config *rest.Config) *user {
	GinkgoHelper()
	config.QPS, config.Burst = 500, 1000
	config.WarningHandlerWithContext = rest.NoWarnings{}
	u := &user{config: config, kubectlBin: filepath.Join(c.state, "bin", "kubectl")}
	var err error
	u.kube, err = kubernetes.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	u.dynamic, err = dynamic.NewForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	d, err := discovery.NewDiscoveryClientForConfig(config)
	Expect(err).NotTo(HaveOccurred())
	u.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d))
	return u
}

// kubectl runs the real kubectl as the user and gives what it prints.
func (u *user) kubectl(ctx context.Context, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, u.kubectlBin, args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+u.kubeconfig)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}
