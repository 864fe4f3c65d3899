package quota

import (
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// TestWhatRunsWhileItsTenantMoves is counted once: where she was until she left, and the rest
// where she is, however often she moves and whichever domain is settled first.
func TestWhatRunsWhileItsTenantMoves(t *testing.T) {
	limits := map[string]Limit{"gpu-seconds": {Amount: q("10000"), Window: v1alpha1.WindowMonth, Start: march}}
	specs := map[string]v1alpha1.QuotaLedgerSpec{
		"acme":    {Domain: "organization/acme"},
		"initech": {Domain: "organization/initech"},
	}
	other := map[string]string{"acme": "initech", "initech": "acme"}
	// settle settles a domain; runs is the Pod's use with what is set aside for it, used the
	// use alone, and past how it ended; "" for what is not so.
	settle := func(domain, at, runs, used, ended string) {
		t.Helper()
		by := Settlement{Others: specs[other[domain]].Sections, TTL: ttl, Now: noon}
		if ended != "" {
			by.Past = memory{gone: map[types.UID]bool{"u1": true}, uses: map[types.UID][]Use{"u1": {deviceTime(ended, march)}}}
		}
		switch {
		case at != domain:
			by.Moved = map[string]map[types.UID][]Use{"alice": {}}
			if used != "" {
				by.Moved["alice"]["u1"] = []Use{deviceTime(used, march)}
			}
		case runs != "":
			by.Observed = []Observed{{Tenant: "alice", Owner: alice, Key: key("a"), UID: "u1", Metered: []Use{deviceTime(runs, march)}}}
		}
		next := Settle(specs[domain], by)
		if diff := cmp.Diff(next, Settle(next, by)); diff != "" {
			t.Errorf("settling %s twice differs:\n%s", domain, diff)
		}
		if at == domain {
			var elsewhere []v1alpha1.LedgerWindow
			for _, s := range by.Others {
				elsewhere = append(append(elsewhere, s.Windows...), Left(s)...)
			}
			Carry(&next, "alice", alice, elsewhere)
		}
		specs[domain] = next
	}
	for _, step := range []struct {
		name              string
		domain            string // settled
		at                string // where she is
		runs, used, ended string
		acme, initech     string // charged to the organization
		hers              string // counted against her where she is
		underWay          bool
	}{
		{name: "it runs in acme, 600 set aside", domain: "acme", at: "acme", runs: "600", used: "90", acme: "600", initech: "0", hers: "600"},
		{name: "she moves, and is settled first where she is", domain: "initech", at: "initech", runs: "600", used: "100", acme: "600", initech: "0", underWay: true},
		{name: "then where she was", domain: "acme", at: "initech", runs: "600", used: "100", acme: "100", initech: "0", underWay: true},
		{name: "it runs on", domain: "initech", at: "initech", runs: "600", used: "200", acme: "100", initech: "500", hers: "600"},
		{name: "what she left stays", domain: "acme", at: "initech", runs: "700", used: "700", acme: "100", initech: "500", hers: "600"},
		{name: "she comes back", domain: "initech", at: "acme", runs: "700", used: "700", acme: "100", initech: "600", underWay: true},
		{name: "and it runs on there", domain: "acme", at: "acme", runs: "800", used: "800", acme: "200", initech: "600", hers: "800"},
		{name: "and ends there", domain: "acme", at: "acme", ended: "810", acme: "210", initech: "600", hers: "810"},
		{name: "and is known no more", domain: "acme", at: "acme", acme: "210", initech: "600", hers: "810"},
		{name: "she moves once more", domain: "acme", at: "initech", ended: "810", acme: "210", initech: "600", underWay: true},
		{name: "and is settled there", domain: "initech", at: "initech", ended: "810", acme: "210", initech: "600", hers: "810"},
	} {
		settle(step.domain, step.at, step.runs, step.used, step.ended)
		for domain, want := range map[string]string{"acme": step.acme, "initech": step.initech} {
			total := count(specs[domain], Request{}, ScopeOrganization, "gpu-seconds", limits["gpu-seconds"])
			if got := total.used.String(); got != want {
				t.Errorf("%s: %s is charged %s, want %s", step.name, domain, got, want)
			}
		}
		if step.underWay {
			continue
		}
		hers := StandingOf(specs[step.at], "alice", alice, limits).Used["gpu-seconds"]
		if got := hers.String(); got != step.hers {
			t.Errorf("%s: %s counts against her, want %s", step.name, got, step.hers)
		}
	}
}
