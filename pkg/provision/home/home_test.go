package home

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"sigs.k8s.io/yaml"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/tenant"
)

var update = flag.Bool("update", false, "write the golden files anew")

func alice() Spec {
	return Spec{
		Tenant: "alice", UID: "8a5f7c1e-0000-4000-8000-000000000001", Owner: "local:alice",
		Organization: "acme", Tier: "standard",
		Namespace: "claude-runner-user-alice", SystemNamespace: "claude-runner-system",
		Admins: []v1alpha1.Member{{User: "local:carol"}, {Group: "local:acme-admins"}},
		Limits: map[string]tenant.Limit{
			"sessions": {Amount: resource.MustParse("3")},
			"cpu":      {Amount: resource.MustParse("8")},
			"memory":   {Amount: resource.MustParse("16Gi")},
			"gpu":      {Amount: resource.MustParse("0")},
		},
		SessionsCounted: true,
	}
}

func golden(t *testing.T, file string, objects ...runtime.ApplyConfiguration) {
	t.Helper()
	var got bytes.Buffer
	for _, o := range objects {
		raw, err := yaml.Marshal(o)
		if err != nil {
			t.Fatal(err)
		}
		got.WriteString("---\n")
		got.Write(raw)
	}
	path := filepath.Join("testdata", file)
	if *update {
		if err := os.WriteFile(path, got.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), got.String()); diff != "" {
		t.Errorf("%s (-want +got), run with -update if it is meant:\n%s", file, diff)
	}
}

func TestGolden(t *testing.T) {
	bare := alice()
	bare.Limits, bare.Admins, bare.SessionsCounted = nil, nil, false
	tests := map[string]Spec{"alice": alice(), "nothing-in-force": bare}
	for name, spec := range tests {
		t.Run(name, func(t *testing.T) {
			objects := []runtime.ApplyConfiguration{Namespace(spec)}
			for _, o := range Objects(spec) {
				objects = append(objects, o)
			}
			golden(t, name+".yaml", objects...)
		})
	}
	t.Run("organization", func(t *testing.T) {
		var objects []runtime.ApplyConfiguration
		for _, o := range OrganizationAccess(&v1alpha1.Organization{
			ObjectMeta: metav1.ObjectMeta{Name: "acme", UID: "8a5f7c1e-0000-4000-8000-000000000002"},
			Spec:       v1alpha1.OrganizationSpec{Admins: alice().Admins},
		}) {
			objects = append(objects, o)
		}
		golden(t, "organization.yaml", objects...)
	})
}

func TestFence(t *testing.T) {
	limits := func(cpu string, unlimited bool) map[string]tenant.Limit {
		l := tenant.Limit{Unlimited: unlimited}
		if cpu != "" {
			l.Amount = resource.MustParse(cpu)
		}
		return map[string]tenant.Limit{"cpu": l}
	}
	tests := map[string]struct {
		limits                 map[string]tenant.Limit
		hard, request, ceiling string // "" is absent
	}{
		"limited":             {limits("8", false), "8", "250m", "8"},
		"less than a default": {limits("100m", false), "100m", "100m", "100m"},
		"nothing":             {limits("0", false), "0", "250m", ""},
		"nobody limits it":    {nil, "0", "250m", ""},
		"unlimited":           {limits("", true), "", "250m", ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			s := alice()
			s.Limits = tt.limits
			var quota struct {
				Spec struct{ Hard map[string]string }
			}
			var ranged struct {
				Spec struct {
					Limits []struct{ Default, DefaultRequest map[string]string }
				}
			}
			decode(t, resourceQuota(s), &quota)
			decode(t, limitRange(s), &ranged)
			got := []string{quota.Spec.Hard["requests.cpu"], ranged.Spec.Limits[0].DefaultRequest["cpu"], ranged.Spec.Limits[0].Default["cpu"]}
			if diff := cmp.Diff([]string{tt.hard, tt.request, tt.ceiling}, got); diff != "" {
				t.Errorf("hard, request, ceiling (-want +got):\n%s", diff)
			}
		})
	}
}

func decode(t *testing.T, from, into any) {
	t.Helper()
	raw, err := yaml.Marshal(from)
	if err != nil {
		t.Fatal(err)
	}
	if err := yaml.Unmarshal(raw, into); err != nil {
		t.Fatal(err)
	}
}

// TestPublicWeb asks about addresses, not about the list: what must be out is out, and
// what is public is in.
func TestPublicWeb(t *testing.T) {
	reachable := func(address string) bool {
		ip := netip.MustParseAddr(address)
		except := notPublic4
		if ip.Is6() {
			except = notPublic6
		}
		for _, cidr := range except {
			if netip.MustParsePrefix(cidr).Contains(ip) {
				return false
			}
		}
		return true
	}
	for _, address := range []string{
		"10.96.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "127.0.0.1", "0.0.0.0",
		"169.254.169.254", "169.254.20.10", "100.64.0.1", "100.100.100.200", "192.0.0.192",
		"168.63.129.16", "198.18.0.1", "224.0.0.1", "255.255.255.255",
		"::1", "::", "::10.0.0.1", "::ffff:10.0.0.1", "fd00:ec2::254", "fc00::1", "fe80::1", "fec0::1", "ff02::1",
		"64:ff9b::a00:1", "64:ff9b:1::a00:1", "2002:a00:1::",
	} {
		if reachable(address) {
			t.Errorf("%s is reachable", address)
		}
	}
	for _, address := range []string{"1.1.1.1", "8.8.8.8", "172.15.0.1", "172.32.0.1", "100.63.0.1", "100.128.0.1", "192.0.1.1", "2606:4700:4700::1111", "2001:4860:4860::8888"} {
		if !reachable(address) {
			t.Errorf("%s is not reachable", address)
		}
	}
}
