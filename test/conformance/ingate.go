package conformance

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
	"gatehouse.dev/gatehouse/pkg/engine"
	"gatehouse.dev/gatehouse/pkg/gate"
	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/quota"
	"gatehouse.dev/gatehouse/pkg/tenant"
	"gatehouse.dev/gatehouse/policies"
)

// builtin compiles the built-in policies once: a program never changes, and compiling is
// most of what a gate costs.
var builtin = sync.OnceValues(func() (*engine.Program, error) {
	// Under the race detector beside other tests a second is soon over: what holds within
	// the budget is tested elsewhere.
	return engine.Compile(context.Background(), engine.Options{Policies: policies.FS, Timeout: 30 * time.Second})
})

// NewGate builds a gate over the sample platform, with keys and a ledger of its own.
func NewGate(s *Sample) (*gate.Gate, *passport.Keyring, error) {
	program, err := builtin()
	if err != nil {
		return nil, nil, fmt.Errorf("built-in policies: %w", err)
	}
	keys, err := passport.NewKeyring(passport.Key{ID: "k1", State: passport.Active, Secret: []byte(strings.Repeat("conformance ", 3))})
	if err != nil {
		return nil, nil, fmt.Errorf("test keyring: %w", err)
	}
	var serial atomic.Int64
	g := &gate.Gate{
		Facts:   s,
		Owners:  s,
		Keys:    func() *passport.Keyring { return keys },
		Program: func() *engine.Program { return program },
		Ledger:  &Ledger{},
		Callers: tenant.Callers{
			Aliases:         []string{"local"},
			SystemNamespace: "claude-runner-system",
			NamespacePrefix: prefix,
			PlatformGroups:  []string{"system:masters"},
			Controllers:     tenant.ControllerTable{Rules: tenant.BuiltinControllers(), Shared: "system:kube-controller-manager"},
		},
		Onboarding:   tenant.Onboarding{Issuers: []string{"local"}, DefaultOrganization: v1alpha1.OrganizationIndividuals, DefaultTier: "standard", Cap: 100},
		PrimaryAlias: "local",
		Now:          time.Now,
		NewID:        func() string { return fmt.Sprintf("correlation-%d", serial.Add(1)) },
	}
	return g, keys, g.Validate()
}

// Ledger keeps quota ledgers in memory.
type Ledger struct {
	mu    sync.Mutex
	specs map[string]v1alpha1.QuotaLedgerSpec
}

// Reserve implements quota.Ledger.
func (l *Ledger) Reserve(_ context.Context, r quota.Request) (quota.Decision, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.specs == nil {
		l.specs = map[string]v1alpha1.QuotaLedgerSpec{}
	}
	spec, ok := l.specs[r.Domain]
	if !ok {
		spec = v1alpha1.QuotaLedgerSpec{Domain: r.Domain}
	}
	next, decision := quota.Reserve(spec, r, time.Now(), time.Minute)
	if decision.Reserved() && !r.DryRun {
		l.specs[r.Domain] = next
	}
	return decision, nil
}

// Reset forgets every reservation.
func (l *Ledger) Reset() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.specs = nil
}
