package recording

import (
	"encoding/base64"
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"gatehouse.dev/gatehouse/pkg/engine/taint"
)

var key = []byte("0123456789abcdef0123456789abcdef")

func plain(t *testing.T, text string) map[string]any {
	t.Helper()
	var v map[string]any
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func redacted(t *testing.T, key []byte, input string) (string, *redactor) {
	t.Helper()
	r := newRedactor(key)
	raw, err := json.Marshal(r.input(plain(t, input)))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw), r
}

func reviewed(kind, object string) string {
	return `{"request": {"kind": {"group": "", "version": "v1", "kind": "` + kind + `"}, "operation": "UPDATE", "name": "n",
		"userInfo": {"username": "local:alice", "groups": ["gatehouse:users"], "extra": {"iss": ["EXTRA-SECRET"]}},
		"object": ` + object + `, "oldObject": null},
		"passport": {"user_id": "local:alice", "email": "MAIL-SECRET@acme.example"}, "expansion": {"pods": []}}`
}

// In every place X-SECRET-X must go, and KEPT stay.
func TestSecretsAreReplaced(t *testing.T) {
	secret64 := base64.StdEncoding.EncodeToString([]byte("X-SECRET-X"))
	for name, input := range map[string]string{
		"Secret data":              reviewed("Secret", `{"kind": "Secret", "metadata": {"name": "KEPT"}, "data": {"KEPT": "`+secret64+`"}}`),
		"Secret stringData":        reviewed("Secret", `{"metadata": {"name": "KEPT"}, "stringData": {"KEPT": "X-SECRET-X"}}`),
		"Secret without its kind":  reviewed("Secret", `{"stringData": {"KEPT": "X-SECRET-X"}}`),
		"Secret of odd shape":      reviewed("Secret", `{"data": ["X-SECRET-X", {"KEPT": "X-SECRET-X"}]}`),
		"ConfigMap":                reviewed("ConfigMap", `{"kind": "ConfigMap", "data": {"KEPT": "X-SECRET-X"}, "binaryData": {"b": "`+secret64+`"}}`),
		"prompt":                   reviewed("ResearchSession", `{"spec": {"prompt": "X-SECRET-X", "displayName": "KEPT"}, "status": {"messages": [{"content": "X-SECRET-X"}], "finalOutput": "X-SECRET-X"}}`),
		"env":                      reviewed("Pod", `{"spec": {"containers": [{"name": "KEPT", "env": [{"name": "KEPT", "value": "X-SECRET-X"}]}]}}`),
		"env in a template":        reviewed("Deployment", `{"spec": {"template": {"spec": {"initContainers": [{"name": "KEPT", "env": [{"name": "A", "value": "X-SECRET-X"}]}]}}}}`),
		"env of a custom resource": reviewed("Thing", `{"spec": {"KEPT": 1, "env": [{"name": "A", "value": {"deep": ["X-SECRET-X"]}}]}}`),
		"passport":                 reviewed("Pod", `{"metadata": {"name": "KEPT", "annotations": {"gatehouse.dev/passport": "X-SECRET-X"}}}`),
		"last applied":             reviewed("Pod", `{"metadata": {"name": "KEPT", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": "{\"data\":\"X-SECRET-X\"}"}}}`),
		"a token":                  reviewed("TokenRequest", `{"status": {"token": "X-SECRET-X", "KEPT": 1}}`),
		"a password":               reviewed("Thing", `{"spec": {"passWord": "X-SECRET-X", "user": "KEPT"}}`),
		"a JWT in an argument":     reviewed("Pod", `{"spec": {"containers": [{"args": ["--KEPT", "--auth=eyJhbGciOiJSUzI1NiJ9.X-SECRET-X"]}]}}`),
		"a bearer header":          reviewed("Pod", `{"spec": {"containers": [{"args": ["KEPT", "Authorization: Bearer X-SECRET-X-1"]}]}}`),
		"credentials in a URL":     reviewed("ResearchSession", `{"spec": {"websiteURL": "https://me:X-SECRET-X@example.com", "displayName": "KEPT"}}`),
		"a private key":            reviewed("Thing", `{"spec": {"KEPT": "-----BEGIN RSA PRIVATE KEY-----X-SECRET-X"}}`),
		"a Secret in a list":       reviewed("List", `{"KEPT": 1, "items": [{"kind": "Secret", "stringData": {"a": "X-SECRET-X"}}]}`),
		"a provider's key":         reviewed("Pod", `{"spec": {"containers": [{"command": ["KEPT", "sk-ant-X-SECRET-X-123456"]}]}}`),
	} {
		out, r := redacted(t, key, input)
		for _, gone := range []string{"X-SECRET-X", secret64, "EXTRA-SECRET", "MAIL-SECRET"} {
			if strings.Contains(out, gone) {
				t.Errorf("%s: holds %s: %s", name, gone, out)
			}
		}
		if !strings.Contains(out, "KEPT") || !strings.Contains(out, "local:alice") || !strings.Contains(out, "gatehouse:users") {
			t.Errorf("%s: too much is gone: %s", name, out)
		}
		if n := strings.Count(out, taint.Prefix); n < 3 || r.count < 3 {
			t.Errorf("%s: %d markers, %d counted", name, n, r.count)
		}
		if bad := regexp.MustCompile(`redacted:(other:)?[0-9a-f]*[^0-9a-f"]`).FindString(strings.ReplaceAll(out, "redacted:other:", "redacted:")); bad != "" {
			t.Errorf("%s: a marker is malformed or replaced twice: %s", name, bad)
		}
	}
}

func TestEqualValuesHaveEqualHashes(t *testing.T) {
	input := reviewed("Secret", `{"data": {"a": "b25l", "b": "b25l", "c": "dHdv", "empty": ""}}`)
	out, _ := redacted(t, key, input)
	data := plain(t, out)["request"].(map[string]any)["object"].(map[string]any)["data"].(map[string]any)
	if data["a"] != data["b"] || data["a"] == data["c"] || data["empty"] != "" {
		t.Errorf("got %v", data)
	}
	again, _ := redacted(t, key, input)
	other, _ := redacted(t, []byte("another key of thirty-two bytes!"), input)
	if again != out || other == out {
		t.Error("the hashes do not depend on the key, and on nothing else")
	}
}

// Of a number it must not even be known that it is one; nothing and the empty text hide
// nothing.
func TestOtherValues(t *testing.T) {
	out, _ := redacted(t, key, reviewed("Thing", `{"env": [{"name": "a", "value": 8080}, {"name": "b", "value": true}, {"name": "c", "value": null}, {"name": "d", "value": ""}]}`))
	if strings.Contains(out, "8080") || strings.Contains(out, "true") || strings.Count(out, taint.Opaque) != 2 ||
		!strings.Contains(out, `"value":null`) && !strings.Contains(out, `{"name":"c"}`) || !strings.Contains(out, `"value":""`) {
		t.Error(out)
	}
}

// A text that looks like a marker is replaced as well, or a tenant could write one.
func TestNobodyWritesMarkers(t *testing.T) {
	forged := taint.Prefix + strings.Repeat("0", 32)
	out, _ := redacted(t, key, reviewed("Pod", `{"metadata": {"name": "`+forged+`"}}`))
	if strings.Contains(out, forged) || strings.Count(out, taint.Prefix) != 3 {
		t.Error(out)
	}
}

func TestMessages(t *testing.T) {
	_, r := redacted(t, key, reviewed("Secret", `{"data": {"a": "aHVudGVyMg==", "b": "eA=="}}`))
	got := r.text(`value "hunter2" of box, encoded aHVudGVyMg==, is too short`)
	if strings.Contains(got, "hunter2") || strings.Contains(got, "aHVudGVyMg") || strings.Contains(got, "box") || strings.Count(got, taint.Prefix) != 3 {
		t.Error(got)
	}
}
