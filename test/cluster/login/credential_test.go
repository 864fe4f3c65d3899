package login

import (
	"bytes"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPrint(t *testing.T) {
	issued := time.Date(2026, 1, 2, 3, 0, 0, 0, time.UTC)
	var out bytes.Buffer
	if err := Print(&out, Tokens{ID: "id.to.ken", Issued: issued, Expires: issued.Add(5 * time.Minute)}); err != nil {
		t.Fatal(err)
	}
	want := `{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",` +
		`"status":{"expirationTimestamp":"2026-01-02T03:04:00Z","token":"id.to.ken"}}` + "\n"
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Fatalf("(-want +got):\n%s", diff)
	}
}
