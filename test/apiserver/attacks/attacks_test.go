package attacks

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	. "github.com/onsi/ginkgo/v2"
	. "github.com/onsi/gomega"
)

// every asks for all routes of every case, as make attacks does.
var every = os.Getenv("GATEHOUSE_ATTACKS") == "all"

func TestAttacks(t *testing.T) {
	if os.Getenv("GATEHOUSE_CLUSTER") == "" {
		t.Log("this suite starts a cluster: run it with make attacks")
		return
	}
	RegisterFailHandler(Fail)
	RunSpecs(t, "Attacks")
}

var here *world

var _ = BeforeSuite(func(ctx SpecContext) {
	here = begin(ctx)
	_, bases, err := Load()
	Expect(err).NotTo(HaveOccurred())
	here.bases = bases
}, NodeTimeout(20*time.Minute))

var _ = AfterSuite(func(ctx SpecContext) {
	if here != nil {
		here.clear(ctx)
	}
}, NodeTimeout(2*time.Minute))

var _ = Describe("With the rights that people have:", func() { specs(false) })

var _ = Describe("With every right that RBAC has:", Ordered, ContinueOnFailure, func() {
	BeforeAll(func(ctx SpecContext) { here.widen(ctx) }, NodeTimeout(2*time.Minute))
	specs(true)
})

func specs(wide bool) {
	cases, _, err := Load()
	if err != nil {
		// The tree of specs is built before anything can fail.
		panic(err)
	}
	for _, c := range cases {
		if c.Wide != wide {
			continue
		}
		It(c.ID()+" "+c.Area+": "+c.Title, func(ctx SpecContext) {
			f := &fight{world: here, Case: c}
			defer func() { AddReportEntry("fight", f.row(), ReportEntryVisibilityNever) }()
			f.run(ctx)
			f.won = true
		}, SpecTimeout(2*time.Minute))
	}
}

// fight is one case being tried.
type fight struct {
	*world
	Case
	tried, controls int
	stored          string
	won             bool
}

func (f *fight) run(ctx context.Context) {
	GinkgoHelper()
	for i, as := range f.As {
		switch {
		case f.Object != "":
			f.objects(ctx, as, i == 0)
		case f.Target != nil:
			f.target(ctx, as)
		case f.Request != nil:
			f.request(ctx, as)
		default:
			do, ok := special[f.Do]
			Expect(ok).To(BeTrue(), "no function %s", f.Do)
			do(ctx, f, as)
		}
	}
	Expect(f.tried).To(BeNumerically(">", 0), "nothing was tried")
	Expect(f.controls).To(BeNumerically(">", 0), "nothing honest was tried")
}

// choose takes all of some attempts, or as many as the short form tries, other ones for
// every case.
func (f *fight) choose(all []attempt, short int) []attempt {
	if every || len(all) <= short {
		return all
	}
	var out []attempt
	for i := range short {
		out = append(out, all[(f.Number+i*len(all)/short)%len(all)])
	}
	return out
}

// denied sends attempts and wants each refused by whom the case says.
func (f *fight) denied(ctx context.Context, as, by string, attempts ...attempt) {
	GinkgoHelper()
	for _, t := range attempts {
		f.tried++
		said := f.again(ctx, as, t)
		Expect(refused(said, by)).To(Succeed(), "%s as %s at %s", t.name, as, t.path)
	}
}

// again sends an attempt, and a PUT anew where a controller wrote the object's status in
// between.
func (w *world) again(ctx context.Context, as string, t attempt) answer {
	GinkgoHelper()
	said := w.send(ctx, as, t)
	for range 5 {
		body, ok := t.body.(map[string]any)
		if !ok || said.code != http.StatusConflict || t.method != http.MethodPut {
			break
		}
		path, _, _ := strings.Cut(t.path, "?")
		Expect(set(body, "/metadata/resourceVersion", text(w.read(ctx, path), "metadata", "resourceVersion"))).To(Succeed())
		said = w.send(ctx, as, t)
	}
	return said
}

// objects tries to make the hostile object, and to turn an honest one into it.
func (f *fight) objects(ctx context.Context, as string, first bool) {
	GinkgoHelper()
	honest := f.bases[f.Object]
	variants := []map[string]any{named(honest, "attack-"+f.ID())}
	if text(honest, "kind") == "Pod" {
		for _, kind := range Templates {
			variants = append(variants, nil)
			variants[len(variants)-1] = workload(kind, variants[0])
		}
	}
	for i, variant := range variants {
		kind, by := text(variant, "kind"), f.By
		hostile := f.turn(variant, honest)
		if i == 0 && f.Pod != "" {
			by = f.Pod
		}
		if i > 0 && !every && (!first || f.Number%len(Templates) != i-1) {
			continue
		}
		var control string
		if f.Control.Object != "" {
			f.honest(ctx, as, named(f.bases[f.Control.Object], "x"))
		} else {
			control = f.honest(ctx, as, variant)
		}
		if f.takes("create") {
			short := 1
			if first && i == 0 {
				short = 2
			}
			f.denied(ctx, as, by, f.choose(f.creating(hostile, prefix+f.In), short)...)
			f.absent(ctx, f.pathOf(hostile, prefix+f.In)+"/"+text(hostile, "metadata", "name"))
		}
		// Nearly all of a Pod's spec and of a Job's template cannot be changed by anybody.
		if control != "" && (f.takes("update") || i > 0 && kind != "Job") {
			f.unchanged(ctx, control, func(live map[string]any) {
				applied := f.turn(bare(live), honest)
				if len(f.Set) == 0 && len(f.Unset) > 0 {
					applied = nil // applying takes nothing away that others wrote
				}
				f.denied(ctx, as, by, f.choose(changing(control, live, f.turn(live, honest), applied), 1)...)
			})
		}
	}
}

// turn makes an object hostile; a Pod's attack is laid over the Pod in a template.
func (f *fight) turn(object, honest map[string]any) map[string]any {
	GinkgoHelper()
	attack := f.Attack
	if at := templateOf(text(object, "kind")); at != "" && text(honest, "kind") == "Pod" {
		attack.Set, attack.Unset = map[string]any{}, nil
		for pointer, value := range f.Set {
			attack.Set[at+pointer] = value
		}
		for _, pointer := range f.Unset {
			attack.Unset = append(attack.Unset, at+pointer)
		}
	}
	hostile, err := attack.hostile(object)
	Expect(err).NotTo(HaveOccurred())
	return hostile
}

func templateOf(kind string) string {
	switch kind {
	case "Pod":
		return ""
	case "CronJob":
		return "/spec/jobTemplate/spec/template"
	}
	return "/spec/template"
}

// target tries to change and delete what stands.
func (f *fight) target(ctx context.Context, as string) {
	GinkgoHelper()
	t := f.Target
	collection := f.collection(t.APIVersion, t.Kind, t.Namespace)
	path := collection + "/" + t.Name
	f.unchanged(ctx, path, func(live map[string]any) {
		hostile, err := f.hostile(live)
		Expect(err).NotTo(HaveOccurred())
		var all []attempt
		if len(f.Set)+len(f.Unset) > 0 {
			applied, err := f.hostile(map[string]any{"apiVersion": t.APIVersion, "kind": t.Kind, "metadata": map[string]any{"name": t.Name}})
			Expect(err).NotTo(HaveOccurred())
			if len(f.Unset) > 0 || strings.Contains(fmt.Sprint(sorted(f.Set)), "/0/") {
				// Applying takes nothing away that others wrote, and knows no places in lists.
				applied = nil
			}
			all = f.choose(changing(path, live, hostile, applied), 2)
			for _, sub := range t.Subresources {
				all = append(all, f.choose(changing(path+"/"+sub, live, hostile, nil), 2)...)
			}
		}
		if t.Delete {
			one := attempt{name: "DELETE " + t.Kind, method: http.MethodDelete, path: path}
			many := attempt{name: "DELETECOLLECTION " + t.Kind, method: http.MethodDelete, path: collection + "?fieldSelector=metadata.name%3D" + t.Name}
			some := []attempt{one, one.dry(), many, many.dry()}
			if t.Kind == "Namespace" {
				some = some[:2] // there is no such request for namespaces
			}
			all = append(all, f.choose(some, 2)...)
		}
		f.denied(ctx, as, f.By, all...)
		switch {
		case f.Control.As == "" && f.Control.Object == "":
			// The very same, by somebody who may.
			for _, a := range all[:1] {
				if !strings.Contains(a.name, "dry run") {
					a = a.dry()
				}
				said := f.again(ctx, "admin", a)
				Expect(said.ok()).To(BeTrue(), "%s as admin: %d %s", a.name, said.code, said.said)
				f.controls++
			}
		default:
			f.honest(ctx, as, named(f.bases[f.Control.Object], "x"))
		}
	})
}

func (f *fight) request(ctx context.Context, as string) {
	GinkgoHelper()
	f.denied(ctx, as, f.By, f.Request.attempt())
	f.stored = "nothing to store"
	by := as
	if f.Control.As != "" {
		by = f.Control.As
	}
	if f.Control.Request == nil {
		f.honest(ctx, by, named(f.bases[f.Control.Object], "x"))
		return
	}
	said := f.send(ctx, by, f.Control.Request.attempt())
	Expect(said.ok()).To(BeTrue(), "the honest request as %s: %d %s", by, said.code, said.said)
	f.controls++
}

func (r Request) attempt() attempt {
	fill := strings.NewReplacer("{alice}", prefix+"alice", "{bob}", prefix+"bob", "{carol}", prefix+"carol")
	t := attempt{name: r.Method, method: r.Method, path: fill.Replace(r.Path), kind: r.Type, headers: r.Headers}
	if r.Body != nil {
		t.body = r.Body
	}
	return t
}

func (f *fight) row() string {
	outcome := "held"
	if !f.won {
		outcome = "BROKEN"
	}
	return fmt.Sprintf("%s|%s|%s|%s|%d|%s|%d|%s|%s", f.ID(), f.Area, f.Title, strings.Join(f.As, ","), f.tried, f.By, f.controls, f.stored, outcome)
}
