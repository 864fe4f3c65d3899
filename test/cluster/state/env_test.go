package state

import (
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestEnvRoundTrip(t *testing.T) {
	dir := Dir(t.TempDir())
	want := Env{
		"APISERVER_URL": "https://127.0.0.1:20001",
		"WEBHOOK_URL":   "https://localhost:20002",
		"CA_FILE":       "/tmp/a folder/with 'quotes'/ca.crt",
		"REPLICAS":      "3",
		"EMPTY":         "",
		"DOLLAR":        "$HOME `x`",
	}
	if err := dir.WriteEnv(want); err != nil {
		t.Fatal(err)
	}
	got, err := dir.ReadEnv()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Fatalf("read back differently (-want +got):\n%s", diff)
	}
}

func TestEnvIsShell(t *testing.T) {
	dir := Dir(t.TempDir())
	value := "/tmp/a folder/$(date)'s file"
	if err := dir.WriteEnv(Env{"CA_FILE": value, "REPLICAS": "1"}); err != nil {
		t.Fatal(err)
	}
	got, err := exec.Command("sh", "-c", `. "$0"; printf %s "$CA_FILE"`, dir.Env()).Output()
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != value {
		t.Fatalf("the shell reads %q, want %q", got, value)
	}
}

func TestReadEnvRefusesRubbish(t *testing.T) {
	dir := Dir(t.TempDir())
	if err := os.WriteFile(dir.Env(), []byte("APISERVER_URL=x\nnonsense\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := dir.ReadEnv(); err == nil || !strings.Contains(err.Error(), "nonsense") {
		t.Fatalf("got %v, want the line that is no assignment", err)
	}
}
