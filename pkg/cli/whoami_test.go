package cli

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

func usage(id, user string) string {
	return fmt.Sprintf(`{"apiVersion":"gatehouse.dev/v1alpha1","kind":"Usage",
"metadata":{"name":"current","namespace":"claude-runner-user-%s"},
"status":{"tenant":%q,"user":%q,"organization":"acme","role":"member","tier":"standard","models":["claude-sonnet"],
"dimensions":[{"dimension":"sessions","used":"1","reserved":"1","limit":"3","window":"none"},
{"dimension":"memory","used":"2Gi","reserved":"0","limit":"16Gi"},
{"dimension":"tokens","used":"1200","reserved":"0","limit":"unlimited","window":"day","resetsAt":"2026-09-16T00:00:00Z"}]}}`, id, id, user)
}

func usagePath(id string) string {
	return "/apis/gatehouse.dev/v1alpha1/namespaces/claude-runner-user-" + id + "/usages/current"
}

func TestWhoamiWithATenant(t *testing.T) {
	// What tenant.ID gives for other:alice beside the primary issuer's alice.
	const others = "alice--09867285cd262141"
	suspended := strings.Replace(usage("alice", "local:alice"), `"tier"`, `"suspended":true,"tier"`, 1)
	tests := map[string]struct {
		user    string
		objects map[string]string
	}{
		"alice":           {"local:alice", map[string]string{usagePath("alice"): usage("alice", "local:alice")}},
		"suspended":       {"local:alice", map[string]string{usagePath("alice"): suspended}},
		"deployer":        {"system:serviceaccount:claude-runner-user-alice:deployer", map[string]string{usagePath("alice"): usage("alice", "local:alice")}},
		"service-account": {"system:serviceaccount:claude-runner-user-alice:robot", map[string]string{usagePath("alice"): usage("alice", "local:alice")}},
		"other-issuer": {"other:alice", map[string]string{
			usagePath("alice"): usage("alice", "local:alice"), usagePath(others): usage(others, "other:alice"),
		}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			(&apiServer{user: tc.user, objects: tc.objects}).start(t)
			run(t, "", "whoami").golden(t, "whoami/"+name)
			run(t, "", "whoami", "-o", "json").golden(t, "whoami/"+name+"-json")
		})
	}
}

func TestWhoamiWithoutATenant(t *testing.T) {
	placed := func(name string) string {
		return fmt.Sprintf(`{"apiVersion":"gatehouse.dev/v1alpha1","kind":"Tenant","metadata":{"name":%q},"spec":{"owner":{"user":"x"},"organization":"individuals","tier":"standard"}}`, name)
	}
	denial := `admission webhook "platform.gatehouse.dev" denied the request: denied by identity/wrong-name: this is not your id` + "\n" + "denied by b/c: \x1b[2Jtwo lines"
	yes := func(name string) (int, string) { return http.StatusCreated, placed(name) }
	no := func(string) (int, string) { return http.StatusForbidden, failure("Forbidden", denial) }
	tests := map[string]struct {
		user    string
		tenants func(string) (int, string)
		posts   int
	}{
		"erin":     {"local:erin", yes, 1},
		"refused":  {"local:erin", no, 2},
		"existing": {"local:erin", func(string) (int, string) { return http.StatusConflict, failure("AlreadyExists", "exists") }, 2},
		"other": {"other:o'neil", func(name string) (int, string) {
			if !strings.Contains(name, "--") {
				return no(name)
			}
			return yes(name)
		}, 1},
		"second": {"other:erin", func(name string) (int, string) {
			if !strings.Contains(name, "--") {
				return no(name)
			}
			return yes(name)
		}, 2},
		"account": {"system:serviceaccount:kube-system:default", nil, 0},
		"broken":  {"local:erin", func(string) (int, string) { return 500, failure("InternalError", "webhook is down") }, 1},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := &apiServer{user: tc.user, tenants: tc.tenants}
			a.start(t)
			run(t, "", "whoami").golden(t, "whoami/none-"+name)
			if len(a.posts) != tc.posts {
				t.Errorf("%d dry runs, want %d: %s", len(a.posts), tc.posts, a.posts)
			}
			run(t, "", "whoami", "-o", "json").golden(t, "whoami/none-"+name+"-json")
		})
	}
}

// Callers who are nobody's tenant, and what is known of accounts that may not read.
func TestWhoamiOfOthers(t *testing.T) {
	masters, accounts := []string{"system:masters", "system:authenticated"}, []string{"system:serviceaccounts"}
	configured := map[string]string{"/api/v1/namespaces/claude-runner-system/configmaps/gatehouse-config": configurationOf(`
platformAdmins: {groups: ["system:masters", "local:platform"]}
breakGlass: {groups: ["local:break-glass"]}`)}
	withTenant := map[string]string{usagePath("alice"): usage("alice", "local:alice")}
	for path, object := range configured {
		withTenant[path] = object
	}
	for name, tc := range map[string]struct {
		user    string
		groups  []string
		objects map[string]string
		code    int
	}{
		"admin":               {"kubernetes-admin", masters, configured, 0},
		"admin-unread":        {"kubernetes-admin", masters, nil, 0},
		"admin-by-group":      {"local:root", []string{"gatehouse:users", "local:platform"}, configured, 0},
		"admin-with-tenant":   {"local:alice", []string{"gatehouse:users", "local:platform"}, withTenant, 0},
		"break-glass":         {"local:zoe", []string{"gatehouse:users", "local:break-glass"}, configured, 0},
		"controller":          {"system:serviceaccount:kube-system:job-controller", accounts, nil, 1},
		"node":                {"system:node:n1", []string{"system:nodes"}, nil, 1},
		"no-issuer":           {"other:alice", []string{"gatehouse:users"}, configured, 1},
		"deployer-unread":     {"system:serviceaccount:claude-runner-user-alice:deployer", accounts, nil, 0},
		"account-in-platform": {"system:serviceaccount:claude-runner-user-alice:robot", masters, configured, 0},
	} {
		t.Run(name, func(t *testing.T) {
			a := &apiServer{user: tc.user, groups: tc.groups, objects: tc.objects, tenants: func(string) (int, string) {
				t.Error("it was asked whether the caller may have a tenant")
				return http.StatusForbidden, failure("Forbidden", "no")
			}}
			a.start(t)
			got := run(t, "", "whoami")
			if got.code != tc.code {
				t.Errorf("exit %d, want %d", got.code, tc.code)
			}
			got.golden(t, "whoami/other-"+name)
			run(t, "", "whoami", "-o", "json").golden(t, "whoami/other-"+name+"-json")
		})
	}
}

// configurationOf is the ConfigMap of an installation with one issuer and more.
func configurationOf(more string) string {
	return fmt.Sprintf(`{"kind":"ConfigMap","apiVersion":"v1","data":{"gatehouse.yaml":%q}}`,
		"apiVersion: config.gatehouse.dev/v1alpha1\nkind: Configuration\nissuers: [{alias: local, primary: true}]\n"+more)
}
