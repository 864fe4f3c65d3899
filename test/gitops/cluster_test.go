package gitops

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/managedfields"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	clientcmdapi "k8s.io/client-go/tools/clientcmd/api"
	"k8s.io/kube-openapi/pkg/util/proto"
)

const namespace = "claude-runner-user-alice"

// cluster is a running local cluster, seen by its administrator.
type cluster struct {
	state  string
	admin  *rest.Config
	kube   kubernetes.Interface
	mapper meta.RESTMapper
	types  *managedfields.GvkParser
}

// state is the folder of the cluster that the tests share.
var state string

// TestMain uses the cluster in the folder that GATEHOUSE_CLUSTER names, or starts one for
// the time of the tests where it says 1.
func TestMain(m *testing.M) {
	state = os.Getenv("GATEHOUSE_CLUSTER")
	if state != "1" {
		os.Exit(m.Run())
	}
	var err error
	if state, err = os.MkdirTemp("", "gatehouse-"); err != nil {
		panic(err)
	}
	code := 1
	if launch("up") {
		code = m.Run()
	}
	if !launch("down") {
		code = 1
	}
	_ = os.RemoveAll(state)
	os.Exit(code)
}

// launch runs a subcommand of the cluster's launcher.
func launch(action string) bool {
	launcher, err := filepath.Abs("../../bin/cluster")
	if err != nil {
		panic(err)
	}
	cmd := exec.CommandContext(context.Background(), launcher, action)
	cmd.Dir, cmd.Env = "../..", append(os.Environ(), "STATE="+state, "REPLICAS=1", "CREDENTIALS=per-controller")
	out, err := cmd.CombinedOutput()
	if err != nil {
		fmt.Printf("cluster %s: %v\n%s", action, err, out)
	}
	return err == nil
}

// running gives the cluster; without one no test may be taken for passed.
func running(t *testing.T) *cluster {
	t.Helper()
	if state == "" {
		t.Fatal("this test needs a cluster: run it with make test-gitops")
	}
	c := &cluster{state: state}
	c.admin = c.config(t, filepath.Join(state, "kubeconfig", "admin.yaml"))
	var err error
	c.kube, err = kubernetes.NewForConfig(c.admin)
	must(t, err)
	d, err := discovery.NewDiscoveryClientForConfig(c.admin)
	must(t, err)
	c.mapper = restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(d))
	document, err := d.OpenAPISchema()
	must(t, err)
	models, err := proto.NewOpenAPIData(document)
	must(t, err)
	c.types, err = managedfields.NewGVKParser(models, false)
	must(t, err)
	return c
}

func (c *cluster) config(t *testing.T, kubeconfig string) *rest.Config {
	t.Helper()
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	must(t, err)
	config.QPS, config.Burst = 500, 1000
	config.WarningHandlerWithContext = rest.NoWarnings{}
	return config
}

// identity is one way to the API server.
type identity struct {
	cluster    *cluster
	kubeconfig string
	dynamic    dynamic.Interface
}

func (c *cluster) from(t *testing.T, kubeconfig string) *identity {
	t.Helper()
	client, err := dynamic.NewForConfig(c.config(t, kubeconfig))
	must(t, err)
	return &identity{cluster: c, kubeconfig: kubeconfig, dynamic: client}
}

func (c *cluster) person(t *testing.T, name string) *identity {
	t.Helper()
	return c.from(t, filepath.Join(c.state, "kubeconfig", name+".yaml"))
}

// account logs in with a token of a ServiceAccount, as itself or impersonating a user.
func (c *cluster) account(t *testing.T, namespace, name, impersonated string) *identity {
	t.Helper()
	token, err := c.kube.CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), name, &authenticationv1.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	file := clientcmdapi.NewConfig()
	file.Clusters["c"] = &clientcmdapi.Cluster{Server: c.admin.Host, CertificateAuthority: c.admin.CAFile, CertificateAuthorityData: c.admin.CAData}
	file.AuthInfos["u"] = &clientcmdapi.AuthInfo{Token: token.Status.Token, Impersonate: impersonated}
	file.Contexts["x"] = &clientcmdapi.Context{Cluster: "c", AuthInfo: "u", Namespace: namespace}
	file.CurrentContext = "x"
	path := filepath.Join(t.TempDir(), "kubeconfig.yaml")
	must(t, clientcmd.WriteToFile(*file, path))
	return c.from(t, path)
}

// program runs a program of the cluster, such as kubectl, as the identity.
func (i *identity) program(ctx context.Context, name, stdin string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(i.cluster.state, "bin", name), args...)
	cmd.Env = append(os.Environ(), "KUBECONFIG="+i.kubeconfig)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// in is the way to an object's kind in its namespace, or to a kind without one.
func (i *identity) in(t *testing.T, object *unstructured.Unstructured) dynamic.ResourceInterface {
	t.Helper()
	gvk := object.GroupVersionKind()
	mapping, err := i.cluster.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	must(t, err)
	if mapping.Scope.Name() == meta.RESTScopeNameRoot {
		return i.dynamic.Resource(mapping.Resource)
	}
	return i.dynamic.Resource(mapping.Resource).Namespace(object.GetNamespace())
}

// live are the objects as they are stored once nobody has changed any of them for two
// seconds, in the same order.
func (i *identity) live(t *testing.T, objects ...*unstructured.Unstructured) []*unstructured.Unstructured {
	t.Helper()
	last := make([]*unstructured.Unstructured, len(objects))
	since := time.Now()
	for bound := time.Now().Add(time.Minute); time.Now().Before(bound); time.Sleep(50 * time.Millisecond) {
		for n, object := range objects {
			now, err := i.in(t, object).Get(t.Context(), object.GetName(), metav1.GetOptions{})
			must(t, err)
			if last[n] == nil || last[n].GetResourceVersion() != now.GetResourceVersion() {
				last[n], since = now, time.Now()
			}
		}
		if time.Since(since) >= 2*time.Second {
			return last
		}
	}
	t.Fatal("the objects do not rest")
	return nil
}

// manifest is objects as kubectl reads them.
func manifest(t *testing.T, objects ...*unstructured.Unstructured) string {
	t.Helper()
	list := map[string]any{"apiVersion": "v1", "kind": "List", "items": objects}
	data, err := json.Marshal(list)
	must(t, err)
	return string(data)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
