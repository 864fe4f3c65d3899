package arch

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"testing"
)

const module = "gatehouse.dev/gatehouse"

// pkg is what go list says of one package.
type pkg struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func load(t *testing.T) map[string]pkg {
	t.Helper()
	cmd := exec.Command("go", "list", "-json=ImportPath,Imports,Deps", "./...")
	cmd.Dir = "../.."
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %s", exit.Stderr)
		}
		t.Fatal(err)
	}
	all := map[string]pkg{}
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimPrefix(p.ImportPath, module+"/")] = p
	}
	return all
}

// under reports whether an import path is one of the rooms or lies inside one.
func under(path string, rooms []string) bool {
	for _, r := range rooms {
		if path == r || strings.HasPrefix(path, r+"/") {
			return true
		}
	}
	return false
}

// standard reports whether an import path is of the standard library, whose first part
// is no host name, or of what it carries along.
func standard(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "vendor/"), "/")
	return !strings.Contains(first, ".") || strings.HasPrefix(path, "vendor/golang.org/x/")
}

func ours(paths ...string) []string {
	out := make([]string, len(paths))
	for i, p := range paths {
		out[i] = module + "/" + p
	}
	return out
}

var (
	clients = []string{"k8s.io/client-go/kubernetes", "k8s.io/client-go/dynamic", "k8s.io/client-go/metadata", "k8s.io/client-go/rest", "sigs.k8s.io/controller-runtime/pkg/client"}
	opa     = []string{"github.com/open-policy-agent/opa"}
	runtime = []string{"sigs.k8s.io/controller-runtime"}
)

// rule: whoever is in the rooms of From (but for Except) may not reach Forbidden, and
// where Only is given nothing but that beside the standard library.
type rule struct {
	name      string
	from      []string
	except    []string
	forbidden []string
	only      []string
	// deps looks at everything that is reached, not only at direct imports.
	deps bool
}

func rules() []rule {
	pure := []string{"pkg/review", "pkg/tenant", "pkg/passport", "pkg/quota"}
	return []rule{
		{name: "pkg never imports the edge", from: []string{"pkg"}, forbidden: ours("webhooks", "cmd"), deps: true},
		{name: "nobody imports a program", from: []string{"pkg", "webhooks", "policies"}, forbidden: ours("cmd"), deps: true},
		{name: "policies are a leaf", from: []string{"policies"}, forbidden: ours("pkg", "webhooks", "cmd", "test"), deps: true},
		{name: "review is the standard library only", from: []string{"pkg/review"}, forbidden: []string{"k8s.io", "sigs.k8s.io", "github.com", "go.uber.org", module + "/pkg/apis"}, deps: true},
		{name: "passport is the standard library only", from: []string{"pkg/passport"}, except: []string{"pkg/passport/httpauth"}, forbidden: []string{"k8s.io", "sigs.k8s.io", "github.com", "go.uber.org", module + "/pkg/apis"}, deps: true},
		{name: "httpauth is the standard library, passports, how they write texts, and a logger", from: []string{"pkg/passport/httpauth"}, only: append(ours("pkg/passport", "pkg/jsontext"), "github.com/go-logr/logr"), deps: true},
		{name: "pure rooms hold no client", from: pure, except: []string{"pkg/quota/crd", "pkg/passport/httpauth"}, forbidden: append(clients, runtime...), deps: true},
		{name: "pure rooms know no Rego", from: pure, except: []string{"pkg/quota/crd"}, forbidden: opa, deps: true},
		{name: "kinds are apimachinery only", from: []string{"pkg/apis"}, forbidden: append([]string{"k8s.io/client-go", "k8s.io/apiextensions-apiserver", module + "/pkg/review"}, runtime...), deps: true},
		{name: "review, tenant, passport, quota and facts lie below the engine", from: append([]string{"pkg/facts"}, pure...), except: []string{"pkg/facts/live"}, forbidden: ours("pkg/engine", "pkg/gate"), deps: true},
		{name: "the engine lies below the gate", from: []string{"pkg/engine"}, forbidden: ours("pkg/gate", "pkg/serving", "pkg/facts/live"), deps: true},
		{name: "the decision holds no client", from: []string{"pkg/gate", "pkg/engine", "pkg/facts"}, except: []string{"pkg/facts/live"}, forbidden: append(clients, runtime...), deps: true},
		{name: "only these hold a client", from: []string{"pkg", "webhooks", "policies"},
			except:    []string{"pkg/facts/live", "pkg/quota/crd", "pkg/serving", "pkg/provision", "pkg/session", "pkg/cli"},
			forbidden: clients},
		{name: "only webhooks and serving know controller-runtime's webhooks", from: []string{"pkg", "cmd", "policies"}, except: []string{"pkg/serving"},
			forbidden: []string{"sigs.k8s.io/controller-runtime/pkg/webhook"}},
		{name: "only serving knows cert-manager", from: []string{"pkg", "cmd", "webhooks", "policies"}, except: []string{"pkg/serving"}, forbidden: []string{"github.com/cert-manager/cert-manager"}},
		{name: "nobody imports provision", from: []string{"pkg", "webhooks", "policies"}, except: []string{"pkg/provision"}, forbidden: ours("pkg/provision")},
		{name: "the webhook has nothing of the provisioner", from: []string{"cmd/webhook"}, forbidden: ours("pkg/provision", "pkg/session", "pkg/cli"), deps: true},
		{name: "programs import no tests", from: []string{"pkg", "cmd", "webhooks", "policies"}, forbidden: ours("test"), deps: true},
	}
}

func TestWhoImportsWhom(t *testing.T) {
	all := load(t)
	for _, r := range rules() {
		t.Run(r.name, func(t *testing.T) {
			seen := 0
			for name, p := range all {
				if !under(name, r.from) || under(name, r.except) {
					continue
				}
				seen++
				reached := p.Imports
				if r.deps {
					reached = p.Deps
				}
				for _, path := range reached {
					if (under(path, r.forbidden) || r.only != nil && !standard(path) && !under(path, r.only)) && path != p.ImportPath {
						t.Errorf("%s reaches %s", name, path)
					}
				}
			}
			if seen == 0 {
				t.Errorf("the rule looks at no package: %v is gone or renamed", r.from)
			}
		})
	}
}

func TestRulesCanFail(t *testing.T) {
	if !under(module+"/pkg/gate", ours("pkg/gate")) || under(module+"/pkg/gateway", ours("pkg/gate")) {
		t.Error("under does not tell rooms apart")
	}
	for path, want := range map[string]bool{"net/http": true, "vendor/golang.org/x/net/idna": true, "golang.org/x/net": false, module: false, "k8s.io/api": false} {
		if standard(path) != want {
			t.Errorf("standard(%q) is %v", path, !want)
		}
	}
}
