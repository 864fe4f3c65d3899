package apiserver

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/rest"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/test/conformance"
)

// apiTarget carries out conformance cases as real people on the real API server.
type apiTarget struct {
	admin *user
	users map[string]*user
	warn  map[string]*warnings
}

// warnings collects what the API server warns of.
type warnings struct {
	mu    sync.Mutex
	lines []string
}

func (w *warnings) HandleWarningHeaderWithContext(_ context.Context, _ int, _, text string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, text)
}

func (w *warnings) take() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	lines := w.lines
	w.lines = nil
	return lines
}

func newAPITarget(c *cluster) *apiTarget {
	t := &apiTarget{admin: c.as("admin"), users: map[string]*user{}, warn: map[string]*warnings{}}
	for _, name := range []string{"alice", "bob", "carol", "dave", "erin"} {
		u := c.as(name)
		w := &warnings{}
		u.config.WarningHandlerWithContext = w
		t.users[name], t.warn[name] = rebuild(u), w
	}
	return t
}

func (t *apiTarget) Do(ctx context.Context, c conformance.Case) (answer conformance.Answer, err error) {
	var made []*unstructured.Unstructured
	defer func() {
		for _, object := range made {
			err = errors.Join(err, t.admin.remove(ctx, c.Namespace, object))
		}
		for _, domain := range [][2]string{{"organization-acme", "alice"}, {"organization-acme", "carol"}, {"organization-globex", "bob"}} {
			for sessionsHeld(ctx, t.admin, domain[0], domain[1]) > 0 && ctx.Err() == nil {
				time.Sleep(20 * time.Millisecond)
			}
		}
	}()
	for i := range c.Fill {
		object, err := t.users[c.As].create(ctx, c.Namespace, conformance.Filler(i))
		if err != nil {
			return answer, fmt.Errorf("session %d to begin with: %w", i, err)
		}
		made = append(made, object)
	}
	var before *unstructured.Unstructured
	if c.Before != "" {
		as := c.BeforeAs
		if as == "" {
			as = c.As
		}
		if before, err = t.users[as].create(ctx, c.Namespace, c.Before); err != nil {
			return answer, fmt.Errorf("object to begin with: %w", err)
		}
		made = append(made, before)
	}
	t.warn[c.As].take()
	stored, err := t.write(ctx, c, before)
	answer.Warnings = t.warn[c.As].take()
	if err != nil {
		answer.Message = err.Error()
		return answer, nil
	}
	answer.Allowed = true
	if stored != nil {
		answer.Stored = stored.Object
		if c.Operation == "CREATE" {
			made = append(made, stored)
		}
	}
	return answer, nil
}

func (t *apiTarget) write(ctx context.Context, c conformance.Case, before *unstructured.Unstructured) (*unstructured.Unstructured, error) {
	u := t.users[c.As]
	if c.Operation == "DELETE" {
		r, err := u.resource(before, c.Namespace)
		if err != nil {
			return nil, err
		}
		return nil, r.Delete(ctx, before.GetName(), metav1.DeleteOptions{})
	}
	object := parse(c.Manifest)
	r, err := u.resource(object, c.Namespace)
	if err != nil {
		return nil, err
	}
	if c.Operation == "CREATE" {
		return r.Create(ctx, object, metav1.CreateOptions{})
	}
	// Sessions' controller writes too: like any client, this one reads again.
	for {
		now, err := r.Get(ctx, object.GetName(), metav1.GetOptions{})
		if err != nil {
			return nil, err
		}
		object.SetResourceVersion(now.GetResourceVersion())
		stored, err := r.Update(ctx, object.DeepCopy(), metav1.UpdateOptions{})
		if !apierrors.IsConflict(err) {
			return stored, err
		}
	}
}

// Author asks the command line, which reads the keys as admin.
func (t *apiTarget) Author(ctx context.Context, stored map[string]any) (string, error) {
	u := &unstructured.Unstructured{Object: stored}
	wire := u.GetAnnotations()["gatehouse.dev/passport"]
	if _, err := verify(ctx, t.admin, wire); err != nil {
		return "", err
	}
	p, err := passport.Inspect(wire)
	return p.UserID, err
}

// verify runs gatehouse passport verify.
func verify(ctx context.Context, as *user, wire string, args ...string) (string, error) {
	cmd := exec.CommandContext(ctx, "../../bin/gatehouse", append([]string{"passport", "verify", "--kubeconfig", as.kubeconfig, wire}, args...)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return string(out), fmt.Errorf("%w: %s", err, out)
	}
	return string(out), nil
}

// rebuild gives a client that follows its changed config.
func rebuild(u *user) *user {
	GinkgoHelper()
	fresh := *u
	fresh.dynamic = dynamicFor(u.config)
	return &fresh
}

var _ = Describe("Conformance", Ordered, func() {
	It("holds on the real API server, RBAC wide open", func(ctx SpecContext) {
		target := newAPITarget(home)
		openRBAC(ctx, target.admin)
		cordon(ctx, target.admin) // sessions that a case begins with must not end in it
		for _, c := range conformance.Cases() {
			By(c.Name)
			Expect(conformance.Check(ctx, target, c)).To(Succeed())
		}
	}, SpecTimeout(5*time.Minute))

	It("holds on the webhook binary over HTTPS", func(ctx SpecContext) {
		// The reviews reserve for objects that nobody stores, so these cases run on a
		// platform of their own whose ledgers are thrown away between cases.
		target := &overHTTPS{Reviewer: &conformance.Reviewer{Ask: conformance.AskHTTP(httpsClient(home), home.env["WEBHOOK_URL"])}, admin: home.as("admin")}
		for _, c := range conformance.Cases() {
			By(c.Name)
			Expect(conformance.Check(ctx, target, c)).To(Succeed())
		}
	}, SpecTimeout(5*time.Minute))
})

type overHTTPS struct {
	*conformance.Reviewer
	admin *user
}

func (o *overHTTPS) Do(ctx context.Context, c conformance.Case) (conformance.Answer, error) {
	answer, err := o.Reviewer.Do(ctx, c)
	return answer, errors.Join(err, o.forget(ctx))
}

// forget throws all ledgers away, with the places in them that nobody will take: without that
// a deleted ledger stays until they expire.
func (o *overHTTPS) forget(ctx context.Context) error {
	all := o.admin.dynamic.Resource(ledgers)
	if err := all.DeleteCollection(ctx, metav1.DeleteOptions{}, metav1.ListOptions{}); err != nil {
		return err
	}
	left, err := all.List(ctx, metav1.ListOptions{})
	if err != nil {
		return err
	}
	for _, l := range left.Items {
		_, err := all.Patch(ctx, l.GetName(), types.MergePatchType, []byte(`{"metadata":{"finalizers":null}}`), metav1.PatchOptions{})
		if err != nil && !apierrors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

func (o *overHTTPS) Author(ctx context.Context, stored map[string]any) (string, error) {
	return (&apiTarget{admin: o.admin}).Author(ctx, stored)
}

// httpsClient trusts what the API server trusts: the caBundle of the live configuration.
func httpsClient(c *cluster) *http.Client {
	GinkgoHelper()
	admin := c.as("admin")
	config, err := admin.kube.AdmissionregistrationV1().ValidatingWebhookConfigurations().Get(context.Background(), "gatehouse", metav1.GetOptions{})
	Expect(err).NotTo(HaveOccurred())
	pool := x509.NewCertPool()
	Expect(pool.AppendCertsFromPEM(config.Webhooks[0].ClientConfig.CABundle)).To(BeTrue())
	return &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12}}}
}

var _ rest.WarningHandlerWithContext = (*warnings)(nil)

func sample(name string) string {
	GinkgoHelper()
	data, err := os.ReadFile(filepath.Join("../../config/samples", name))
	Expect(err).NotTo(HaveOccurred())
	return strings.TrimSpace(string(data)) + "\n"
}
