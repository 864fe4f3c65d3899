package quota

import (
	"encoding/json"
	"fmt"
	"testing"

	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// full is a tenant who uses something of everything, with her windows of today and
// yesterday, this month and the last.
func full(name string) v1alpha1.LedgerSection {
	s := v1alpha1.LedgerSection{Tenant: name}
	for _, dimension := range []string{"claims", "cpu", "ephemeral-storage", "gpu", "memory", "pods", "sessions", "storage"} {
		s.Settled = append(s.Settled, v1alpha1.LedgerAmount{Dimension: dimension, Amount: q("12345678901")})
	}
	for _, w := range []struct {
		dimension string
		length    v1alpha1.Window
	}{{"session-starts", v1alpha1.WindowDay}, {"gpu-seconds", v1alpha1.WindowMonth}, {"tokens", v1alpha1.WindowMonth}, {"spend", v1alpha1.WindowMonth}} {
		for i := range 2 {
			s.Windows = append(s.Windows, v1alpha1.LedgerWindow{
				Owner: "local:" + name, Dimension: w.dimension, Length: w.length, Start: metav1.NewTime(today.AddDate(0, 0, -i)), Used: q("1234567"),
			})
		}
	}
	return s
}

// aPod is an open reservation of a Pod with devices.
func aPod(tenant string, n int) v1alpha1.LedgerEntry {
	e := v1alpha1.LedgerEntry{
		GroupResource: "pods", Namespace: "claude-runner-user-" + tenant, Name: fmt.Sprintf("website-analysis-%d-job-x7k2p", n),
		UID: types.UID(fmt.Sprintf("6f2b1c7e-8a55-4a0a-9f0e-%012d", n)), Owner: "local:" + tenant, Expires: metav1.NewTime(noon),
	}
	for _, dimension := range []string{"cpu", "ephemeral-storage", "gpu", "memory", "pods"} {
		e.Amounts = append(e.Amounts, v1alpha1.LedgerAmount{Dimension: dimension, Amount: q("2147483648")})
	}
	e.Charges = []v1alpha1.LedgerCharge{{Dimension: "gpu-seconds", Start: metav1.NewTime(today), Length: v1alpha1.WindowMonth, Amount: q("3600")}}
	return e
}

func bytesOf(t *testing.T, spec v1alpha1.QuotaLedgerSpec) int {
	t.Helper()
	raw, err := json.Marshal(spec)
	if err != nil {
		t.Fatal(err)
	}
	return len(raw)
}

// TestLedgerSize holds what docs/decisions/010 says: a hundred tenants who use everything
// fit into one ledger with room for the reservations of a burst.
func TestLedgerSize(t *testing.T) {
	const bound, tenants = 256 << 10, 100
	spec := ledger()
	for n := range tenants {
		spec.Sections = append(spec.Sections, full(fmt.Sprintf("tenant-with-a-name-%03d", n)))
	}
	settled := bytesOf(t, spec)
	before := settled
	for n := range 100 {
		spec.Sections[n].Entries = append(spec.Sections[n].Entries, aPod(spec.Sections[n].Tenant, n))
	}
	open := bytesOf(t, spec)
	t.Logf("%d tenants: %d bytes, %d each; with 100 open reservations: %d, %d each; bound %d", tenants, settled, settled/tenants, open, (open-before)/100, bound)
	if settled > bound*3/4 || open > bound {
		t.Errorf("%d and %d bytes, bound %d", settled, open, bound)
	}
}

// BenchmarkReserve judges one demand of five dimensions against a ledger of 100 tenants.
func BenchmarkReserve(b *testing.B) {
	spec := ledger()
	for n := range 100 {
		spec.Sections = append(spec.Sections, full(fmt.Sprintf("tenant-%03d", n)))
	}
	r := Request{Domain: "organization/acme", Tenant: "tenant-050", Owner: "local:tenant-050", UID: "u", Key: key("a"), Amounts: map[string]resource.Quantity{}}
	r.Limits, r.Totals = map[string]Limit{}, map[string]Limit{}
	for _, dimension := range []string{"cpu", "memory", "pods", "ephemeral-storage", "gpu"} {
		r.Amounts[dimension] = q("1")
		r.Limits[dimension], r.Totals[dimension] = Limit{Amount: q("1e15")}, Limit{Amount: q("1e16")}
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, d := Reserve(spec, r, noon, ttl); !d.Reserved() {
			b.Fatal(d)
		}
	}
}
