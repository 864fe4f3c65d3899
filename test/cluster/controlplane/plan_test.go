package controlplane

import (
	"os"
	"slices"
	"strings"
	"testing"

	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/test/cluster/authn"
	"gatehouse.dev/gatehouse/test/cluster/state"
)

func prepared(t *testing.T) Plan {
	t.Helper()
	plan := Plan{
		Dir: state.Dir(t.TempDir()),
		Addresses: Addresses{
			Etcd: "127.0.0.1:20001", EtcdPeer: "127.0.0.1:20002", APIServer: "127.0.0.1:20003",
			Controllers: "127.0.0.1:20004", Scheduler: "127.0.0.1:20005",
		},
		Issuer:      authn.Issuer{Alias: "local", URL: "https://127.0.0.1:20006", Audience: "a"},
		Credentials: PerController,
		Nodes:       []string{"node-0"},
	}
	if err := plan.Dir.Reset(); err != nil {
		t.Fatal(err)
	}
	if err := plan.Prepare(); err != nil {
		t.Fatal(err)
	}
	return plan
}

func read(t *testing.T, path string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	object := map[string]any{}
	if err := yaml.Unmarshal(text, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

func TestSecretsAreNeverStoredPlain(t *testing.T) {
	plan := prepared(t)
	text, err := os.ReadFile(plan.Dir.Encryption())
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(text), "identity") || !strings.Contains(string(text), "secretbox") {
		t.Error("Secrets may reach the store unsealed")
	}
	if !slices.Contains(plan.APIServer().Args, "--encryption-provider-config="+plan.Dir.Encryption()) {
		t.Error("the API server does not read the encryption configuration")
	}
}

func TestAuditNeverRecordsBodies(t *testing.T) {
	rules, _ := read(t, prepared(t).Dir.Config("audit.yaml"))["rules"].([]any)
	if len(rules) == 0 {
		t.Fatal("no audit rules")
	}
	for _, rule := range rules {
		if level := rule.(map[string]any)["level"]; level != "None" && level != "Metadata" {
			t.Errorf("level %v records bodies", level)
		}
	}
}

func TestCredentialsOfControllers(t *testing.T) {
	plan := prepared(t)
	const flag = "--use-service-account-credentials=true"
	if !slices.Contains(plan.Controllers().Args, flag) {
		t.Error("per controller: the flag is missing")
	}
	plan.Credentials = Shared
	if slices.Contains(plan.Controllers().Args, flag) {
		t.Error("shared: the flag is there")
	}
}

func TestAuthorizers(t *testing.T) {
	args := prepared(t).APIServer().Args
	for _, want := range []string{"--authorization-mode=Node,RBAC", "--enable-admission-plugins=NodeRestriction"} {
		if !slices.Contains(args, want) {
			t.Errorf("missing %s", want)
		}
	}
}

func TestPrivateFiles(t *testing.T) {
	plan := prepared(t)
	for _, path := range []string{
		plan.Dir.PKI("ca.key"), plan.Dir.PKI("admin.key"), plan.Dir.PKI("service-accounts.key"),
		plan.Dir.Kubeconfig("admin"), plan.Dir.Encryption(),
	} {
		info, err := os.Stat(path)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%s is %s", path, info.Mode())
		}
	}
}

func TestOIDCKubeconfig(t *testing.T) {
	plan := prepared(t)
	if err := plan.WriteOIDCKubeconfig("alice", "claude-runner-user-alice"); err != nil {
		t.Fatal(err)
	}
	config := read(t, plan.Dir.Kubeconfig("alice"))
	scope := config["contexts"].([]any)[0].(map[string]any)["context"].(map[string]any)
	if scope["namespace"] != "claude-runner-user-alice" {
		t.Errorf("namespace %v", scope["namespace"])
	}
	user := config["users"].([]any)[0].(map[string]any)["user"].(map[string]any)
	plugin, _ := user["exec"].(map[string]any)
	if plugin["apiVersion"] != "client.authentication.k8s.io/v1" || plugin["command"] != plan.Dir.Bin("cluster") || len(user) != 1 {
		t.Errorf("user is %v", user)
	}
}
