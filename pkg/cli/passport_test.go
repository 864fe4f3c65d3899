package cli

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

func testKeys(t *testing.T, id string) *passport.Keyring {
	t.Helper()
	secret := make([]byte, passport.MinSecret)
	copy(secret, "secret of "+id)
	k, err := passport.NewKeyring(passport.Key{ID: id, Secret: secret, State: passport.Active})
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func keyFile(t *testing.T, k *passport.Keyring) string {
	t.Helper()
	return file(t, "keyring.json", string(k.SecretData()[passport.SecretKey]))
}

func signed(t *testing.T, k *passport.Keyring, o passport.Object) string {
	t.Helper()
	wire, err := k.Sign(passport.UserPassport{
		Audience: passport.AudienceAdmission, UserID: "local:alice", Email: "alice@acme.example",
		Groups: []string{"local:acme", "local:research"}, Permissions: []string{"member"},
		Role: "member", Organization: "acme", Tier: "standard", Namespace: "claude-runner-user-alice",
		CorrelationID: "c-1", Object: o, IssuedAt: now.Unix(),
	})
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

var first = passport.Object{
	Group: "research.example.com", Kind: "ResearchSession", Namespace: "claude-runner-user-alice", Name: "first",
}

// carrier writes an object as JSON; owner is "" or kind/name/uid of its controller.
func carrier(apiVersion string, o passport.Object, uid, wire, owner string) string {
	meta := map[string]any{"name": o.Name, "namespace": o.Namespace, "uid": uid}
	if wire != "" {
		meta["annotations"] = map[string]any{"gatehouse.dev/passport": wire}
	}
	if part := strings.Split(owner, "/"); len(part) == 3 {
		meta["ownerReferences"] = []any{map[string]any{
			"apiVersion": "apps/v1", "kind": part[0], "name": part[1], "uid": part[2], "controller": true,
		}}
	}
	raw, err := json.Marshal(map[string]any{"apiVersion": apiVersion, "kind": o.Kind, "metadata": meta})
	if err != nil {
		panic(err)
	}
	return string(raw)
}

func TestVerify(t *testing.T) {
	k := testKeys(t, "k1")
	keys := keyFile(t, k)
	wire := signed(t, k, first)
	flipped := []byte(wire)
	flipped[len("v1.k1.")+20] ^= 1
	session := func(wire string) string {
		return file(t, "session.yaml", carrier("research.example.com/v1", first, "u1", wire, ""))
	}
	tests := map[string]struct {
		code int
		args []string
	}{
		"good":            {0, []string{"-f", session(wire)}},
		"good-json":       {0, []string{"-f", session(wire), "-o", "json"}},
		"alone":           {0, []string{wire}},
		"alone-for":       {0, []string{wire, "--namespace", "claude-runner-user-alice", "--kind", "ResearchSession", "--group", "research.example.com", "--name", "first"}},
		"alone-other":     {1, []string{wire, "--name", "second"}},
		"flipped":         {1, []string{"-f", session(string(flipped))}},
		"other-namespace": {1, []string{"-f", session(wire), "--namespace", "claude-runner-user-bob"}},
		"other-kind":      {1, []string{"-f", session(wire), "--kind", "Job"}},
		"other-group":     {1, []string{"-f", session(wire), "--group", "batch"}},
		"other-key":       {1, []string{"-f", session(signed(t, testKeys(t, "k2"), first))}},
		"other-audience":  {1, []string{"-f", session(wire), "--audience", "gatehouse-gateway"}},
		"missing":         {1, []string{"-f", session("")}},
		"malformed-json":  {1, []string{"-f", session("v1.k1.\x1b[31m"), "-o", "json"}},
	}
	for name, tc := range tests {
		t.Run(name, func(t *testing.T) {
			got := run(t, "", append([]string{"passport", "verify", "--keys", keys}, tc.args...)...)
			if got.code != tc.code {
				t.Errorf("exit %d, want %d", got.code, tc.code)
			}
			got.golden(t, "verify/"+name)
		})
	}
}

func TestVerifyUnderOtherSecretOfTheSameID(t *testing.T) {
	secret := make([]byte, 32)
	other, err := passport.NewKeyring(passport.Key{ID: "k1", Secret: secret, State: passport.Active})
	if err != nil {
		t.Fatal(err)
	}
	got := run(t, "", "passport", "verify", signed(t, testKeys(t, "k1"), first), "--keys", keyFile(t, other))
	if got.code != 1 || !strings.Contains(got.errout, "bad signature") {
		t.Errorf("exit %d: %s", got.code, got.errout)
	}
}

func TestVerifyReadsStandardInput(t *testing.T) {
	k := testKeys(t, "k1")
	keys := keyFile(t, k)
	wire := signed(t, k, first)
	list := fmt.Sprintf(`{"apiVersion":"v1","kind":"List","items":[%s]}`+"\n---\n%s",
		carrier("research.example.com/v1", first, "u1", wire, ""),
		carrier("research.example.com/v1", first, "u2", "", ""))
	for name, tc := range map[string]struct {
		stdin, arg string
		code       int
	}{
		"passport":            {wire, "-", 0},
		"passport and a line": {wire + "\n", "-", 0},
		"two lines":           {wire + "\n\n", "-", 1},
		"objects":             {list, "-f=-", 1},
		"no objects":          {"", "-f=-", 1},
		"no object":           {"hello: world", "-f=-", 1},
		"no YAML":             {"\t{", "-f=-", 1},
	} {
		if got := run(t, tc.stdin, "passport", "verify", tc.arg, "--keys", keys); got.code != tc.code {
			t.Errorf("%s: exit %d, want %d: %s%s", name, got.code, tc.code, got.out, got.errout)
		}
	}
	got := run(t, list, "passport", "verify", "-f", "-", "--keys", keys)
	if strings.Count(got.out, "\ngood ") != 1 || strings.Count(got.out, "\nrefused ") != 1 {
		t.Errorf("a List and a document:\n%s", got.out)
	}
}

func TestVerifyTakesTheWholeSecretAsKeyFile(t *testing.T) {
	k := testKeys(t, "k1")
	wire := signed(t, k, first)
	raw, err := json.Marshal(map[string]any{"apiVersion": "v1", "kind": "Secret", "data": k.SecretData()})
	if err != nil {
		t.Fatal(err)
	}
	text := "apiVersion: v1\nkind: Secret\nstringData:\n  keyring.json: '" + string(k.SecretData()[passport.SecretKey]) + "'\n"
	for _, content := range []string{string(raw), text} {
		if got := run(t, "", "passport", "verify", wire, "--keys", file(t, "s", content)); got.code != 0 {
			t.Errorf("exit %d: %s", got.code, got.errout)
		}
	}
	for _, content := range []string{"hunter2", "apiVersion: v1\nkind: Secret\ndata: {keyring.json: aHVudGVyMg==}\n", "secret: hunter2\n\thunter2"} {
		got := run(t, "", "passport", "verify", wire, "--keys", file(t, "s", content))
		if got.code != 1 || strings.Contains(got.errout, "hunter2") || strings.Contains(got.errout, "aHVu") {
			t.Errorf("exit %d: %s", got.code, got.errout)
		}
	}
}

func TestInspect(t *testing.T) {
	k := testKeys(t, "k1")
	wire := signed(t, k, first)
	forged := wire[:len(wire)-4] + "AAAA"
	both := file(t, "two.yaml", carrier("research.example.com/v1", first, "u1", forged, "")+"\n---\n"+
		carrier("research.example.com/v1", first, "u2", "", ""))
	run(t, "", "passport", "inspect", wire).golden(t, "inspect/alone")
	run(t, "", "passport", "inspect", forged, "-o", "json").golden(t, "inspect/forged-json")
	run(t, "", "passport", "inspect", "-f", both).golden(t, "inspect/files")
	run(t, "", "passport", "inspect", "v1.k1").golden(t, "inspect/malformed")
}
