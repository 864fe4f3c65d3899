package provision

import (
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// TestDearDomainsRest: what takes a second to settle is settled again three seconds later,
// whatever is heard meanwhile, and what was heard is not forgotten.
func TestDearDomainsRest(t *testing.T) {
	const domain = "organization/acme"
	for name, tt := range map[string]struct{ took, rest time.Duration }{
		"quick": {20 * time.Millisecond, 0},
		"dear":  {time.Second, 3 * time.Second},
		"most":  {time.Minute, longestRest},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)
			var settled []map[string]bool
			r := newSettler(&answers{settle: func(tenants map[string]bool) (v1alpha1.QuotaLedgerSpec, error) {
				settled = append(settled, tenants)
				now = now.Add(tt.took)
				return v1alpha1.QuotaLedgerSpec{}, nil
			}}, func() time.Time { return now })
			reconcileNow := func() time.Duration {
				result, err := r.Reconcile(t.Context(), request(domain))
				if err != nil {
					t.Fatal(err)
				}
				return result.RequeueAfter
			}
			reconcileNow()
			r.dirty.add(domain, "alice")
			after := reconcileNow()
			if tt.rest > 0 {
				if len(settled) != 1 || after != tt.rest {
					t.Fatalf("settled %d times, comes again after %s, want once and %s", len(settled), after, tt.rest)
				}
				now = now.Add(tt.rest)
				reconcileNow()
			}
			if len(settled) != 2 || !settled[1]["alice"] {
				t.Errorf("settled %v, want alice the second time", settled)
			}
		})
	}
}
