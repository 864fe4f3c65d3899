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
		"service-account": {"system:serviceaccount:claude-runner-user-alice:deployer", map[string]string{usagePath("alice"): usage("alice", "local:alice")}},
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
		"admin":   {"system:admin", nil, 0},
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
