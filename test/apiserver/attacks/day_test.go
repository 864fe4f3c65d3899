package attacks

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// rounds are how often everybody does every chore in a day.
const rounds = 3

var _ = Describe("An honest day:", func() {
	It("two tenants, their accounts, their GitOps tools and the controllers at work, and nothing is denied", func(ctx SpecContext) {
		chores, err := LoadDay(here.bases)
		Expect(err).NotTo(HaveOccurred())
		d := &day{world: here, chores: chores, counts: map[[2]string]int{}}
		log := here.follow()
		began := time.Now()
		d.begin(ctx)
		var people sync.WaitGroup
		for _, a := range actors {
			people.Go(func() {
				defer GinkgoRecover()
				for round := range rounds {
					d.work(ctx, a, round)
				}
			})
		}
		people.Go(func() {
			defer GinkgoRecover()
			d.controllers(ctx)
		})
		people.Go(func() {
			defer GinkgoRecover()
			d.offices(ctx)
		})
		people.Wait()
		d.end(ctx)
		decided := log.since()
		d.print(decided, time.Since(began))

		Expect(strings.Join(append(d.wrong, decided.denied...), "\n")).To(BeEmpty(), "refused, or denied by the decision log")
		writes, kinds := d.total()
		Expect(writes).To(BeNumerically(">=", 2000), "writes, dry runs left out")
		Expect(kinds).To(BeNumerically(">=", 25), "kinds that people wrote")
		for _, kind := range Kinds(chores, here.bases) {
			for _, how := range columns {
				if how != "connect" && (how != "strategic merge patch" || kind != "ResearchSession") {
					Expect(d.counts[[2]string{kind, how}]).To(BeNumerically(">", 0), "%s of %s", how, kind)
				}
			}
		}
		for _, class := range []string{"human", "service-account", "deployer", "controller"} {
			Expect(decided.classes[class]).To(BeNumerically(">", 100), "writes of class %s", class)
		}
	}, SpecTimeout(10*time.Minute))
})

// begin makes what the day's objects refer to; all names are looked up before many ask.
func (d *day) begin(ctx context.Context) {
	GinkgoHelper()
	for _, a := range actors {
		d.config(a.as)
		if a.as != a.tenant {
			continue
		}
		for _, base := range []string{"serviceaccount", "role"} {
			object := named(d.bases[base], "day")
			path := d.pathOf(object, a.namespace())
			Expect(d.do(ctx, a.as, text(object, "kind"), "create", attempt{method: http.MethodPost, path: path, body: object}).ok()).To(BeTrue())
			d.controlled(path+"/day", a.as)
		}
	}
	for _, name := range []string{"carol", "dave", "erin"} {
		d.config(name)
	}
}

// controlled has an honest object removed with the suite.
func (d *day) controlled(path, as string) {
	d.lock.Lock()
	defer d.lock.Unlock()
	d.world.controls[path] = as
}

// offices are those who write beside the tenants: a newcomer, and the organizations' admins.
func (d *day) offices(ctx context.Context) {
	GinkgoHelper()
	tenants := d.collection("gatehouse.dev/v1alpha1", "Tenant", "")
	erin := attempt{method: http.MethodPost, path: tenants, body: json.RawMessage(`{"apiVersion":"gatehouse.dev/v1alpha1","kind":"Tenant","metadata":{"name":"erin"},"spec":{"owner":{"user":"local:erin"}}}`)}
	d.do(ctx, "erin", "Tenant", "create", erin.dry())
	if d.do(ctx, "erin", "Tenant", "create", erin).ok() {
		d.controlled(tenants+"/erin", "erin")
	}
	for as, organization := range map[string]string{"carol": "acme", "dave": "globex"} {
		path := d.collection("gatehouse.dev/v1alpha1", "OrganizationSettings", "") + "/" + organization
		for n := range 3 {
			live := d.read(ctx, path)
			target := clone(live)
			Expect(set(target, "/metadata/annotations/example.com~1day", []string{"one", "two", "three"}[n])).To(Succeed())
			way := changing(path, live, target, nil)[2*n]
			d.do(ctx, as, "OrganizationSettings", way.how(), way.dry())
			d.do(ctx, as, "OrganizationSettings", way.how(), way)
		}
	}
}
