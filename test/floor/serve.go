// Package floor is a webhook that decides nothing, which others are compared with: what calling
// one costs by itself. It may import nothing of ours.
package floor

import (
	"context"
	"crypto/tls"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"

	admissionv1 "k8s.io/api/admission/v1"
)

// Verb is the argument with which a program that starts the floor is asked to be it.
const Verb = "floor"

// annotate is what the floor's mutating webhook adds: one annotation.
const annotate = `[{"op":"add","path":"/metadata/annotations","value":{"example.com/floor":"yes"}}]`

// Serve serves /validate and /mutate, which allow everything, over TLS and HTTP/1.1,
// and prints where, until ctx ends. It is a process of its own, as a webhook is.
func Serve(ctx context.Context, stdout io.Writer) error {
	return ServeBy(ctx, stdout, http.HandlerFunc(allowAll))
}

// ServeBy serves as Serve does, with a handler that decides something.
func ServeBy(ctx context.Context, stdout io.Writer, handler http.Handler) error {
	server := httptest.NewUnstartedServer(handler)
	server.TLS = &tls.Config{MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	server.StartTLS()
	defer server.Close()
	ca := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	if err := json.NewEncoder(stdout).Encode(Address{URL: server.URL, CA: ca}); err != nil {
		return fmt.Errorf("tell the address: %w", err)
	}
	<-ctx.Done()
	return nil
}

// Address of a webhook and the certificate, in PEM, that it is trusted by.
type Address struct {
	URL string `json:"url"`
	CA  []byte `json:"ca"`
}

func allowAll(w http.ResponseWriter, r *http.Request) {
	var review admissionv1.AdmissionReview
	if err := json.NewDecoder(r.Body).Decode(&review); err != nil || review.Request == nil {
		http.Error(w, "no review", http.StatusBadRequest)
		return
	}
	review.Response = &admissionv1.AdmissionResponse{UID: review.Request.UID, Allowed: true}
	if r.URL.Path == "/mutate" {
		kind := admissionv1.PatchTypeJSONPatch
		review.Response.Patch, review.Response.PatchType = []byte(annotate), &kind
	}
	review.Request = nil
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(review); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, "floor:", err)
	}
}
