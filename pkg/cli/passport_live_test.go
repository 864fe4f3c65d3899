package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

const alices = "/namespaces/claude-runner-user-alice/"

func secretOf(t *testing.T, k *passport.Keyring) string {
	t.Helper()
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "data": k.SecretData()})
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestVerifyLive(t *testing.T) {
	k := testKeys(t, "k1")
	wire := signed(t, k, first)
	a := &apiServer{objects: map[string]string{
		"/apis/research.example.com/v1" + alices + "researchsessions/first":      carrier("research.example.com/v1", first, "u1", wire, ""),
		"/api/v1/namespaces/claude-runner-system/secrets/" + passport.SecretName: secretOf(t, k),
	}}
	a.start(t)
	for _, ref := range []string{"rs/first", "researchsession/first", "ResearchSession/first", "researchsessions.research.example.com/first"} {
		if got := run(t, "", "passport", "verify", "--object", ref); got.code != 0 {
			t.Errorf("%s: exit %d: %s", ref, got.code, got.errout)
		}
	}
	for name, tc := range map[string]struct {
		args []string
		code int
		says string
	}{
		"other namespace":  {[]string{"--object", "rs/first", "-n", "claude-runner-user-bob"}, 1, "claude-runner-user-bob"},
		"not there":        {[]string{"--object", "rs/second"}, 1, "researchsessions/second"},
		"unknown resource": {[]string{"--object", "widgets/x"}, 1, `resolve "widgets"`},
		"no name":          {[]string{"--object", "rs"}, 2, "<resource>/<name>"},
		"keys out of reach": {[]string{"--object", "rs/first", "--system-namespace", "elsewhere"}, 1,
			"only platform admins may read Secret elsewhere/gatehouse-passport-keys"},
	} {
		got := run(t, "", append([]string{"passport", "verify"}, tc.args...)...)
		if got.code != tc.code || !strings.Contains(got.errout, tc.says) {
			t.Errorf("%s: exit %d: %s", name, got.code, got.errout)
		}
	}
	if got := run(t, "", "passport", "inspect", "--object", "rs/first"); got.code != 0 || !strings.Contains(got.errout, "NOT VERIFIED") {
		t.Errorf("inspect: exit %d: %s", got.code, got.errout)
	}
}

// A Pod of a ReplicaSet carries the passport that its Deployment was made under.
func TestVerifyFollowsOwners(t *testing.T) {
	k := testKeys(t, "k1")
	in := func(kind, group, name string) passport.Object {
		return passport.Object{Group: group, Kind: kind, Namespace: first.Namespace, Name: name}
	}
	set, pod := in("ReplicaSet", "apps", "set"), in("Pod", "", "pod")
	wire := signed(t, k, set)
	other := signed(t, k, in("ReplicaSet", "apps", "other"))
	good := carrier("v1", pod, "p1", wire, "ReplicaSet/set/s1")
	tests := map[string]struct {
		pod, set string
		code     int
		says     string
	}{
		"inherited":       {good, carrier("apps/v1", set, "s1", wire, ""), 0, ""},
		"no owner":        {carrier("v1", pod, "p1", wire, ""), carrier("apps/v1", set, "s1", wire, ""), 1, "bound to another object"},
		"owner gone":      {good, "", 1, "owner ReplicaSet"},
		"other UID":       {good, carrier("apps/v1", set, "s2", wire, ""), 1, "another object of that name"},
		"other passport":  {good, carrier("apps/v1", set, "s1", other, ""), 1, "carries another passport"},
		"owner in a ring": {carrier("v1", pod, "p1", other, "ReplicaSet/set/s1"), carrier("apps/v1", set, "s1", other, "ReplicaSet/set/s1"), 1, "more than 8 owners"},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			a := &apiServer{objects: map[string]string{
				"/api/v1" + alices + "pods/pod":              tc.pod,
				"/apis/apps/v1" + alices + "replicasets/set": tc.set,
			}}
			a.start(t)
			keys := keyFile(t, k)
			live := run(t, "", "passport", "verify", "--object", "pod/pod", "--keys", keys)
			files := run(t, tc.pod+"\n---\n"+tc.set, "passport", "verify", "-f", "-", "--keys", keys, "-o", "json")
			if live.code != tc.code || !strings.Contains(live.errout, tc.says) {
				t.Errorf("live: exit %d: %s%s", live.code, live.out, live.errout)
			}
			var read struct{ Results []checked }
			if err := json.Unmarshal([]byte(files.out), &read); err != nil {
				t.Fatal(err)
			}
			got := read.Results[0]
			if got.Good != (tc.code == 0) || !strings.Contains(got.Message, tc.says) {
				t.Errorf("files: %+v", got)
			}
			if want := fmt.Sprint(set); got.Good && got.Inherited != want {
				t.Errorf("inherited from %q, want %q", got.Inherited, want)
			}
		})
	}
}
