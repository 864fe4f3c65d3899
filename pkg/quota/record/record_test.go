package record

import (
	"encoding/csv"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func event(id, amount string) Event {
	start := time.Date(2026, 3, 4, 12, 0, 0, 0, time.UTC)
	return New(id, Use{
		Tenant: "alice", User: "local:alice", Organization: "acme", Tier: "standard", Dimension: "gpu-seconds", Unit: "device seconds",
		Amount: amount, Start: start, End: start.Add(time.Hour), Resource: "claude-runner-user-alice/training", ResourceUID: "u1", Session: "first",
	})
}

func lines(t *testing.T, events ...Event) string {
	t.Helper()
	var out strings.Builder
	for _, e := range events {
		if err := json.NewEncoder(&out).Encode(e); err != nil {
			t.Fatal(err)
		}
	}
	return out.String()
}

func TestRecordsCountOnce(t *testing.T) {
	a, b := event("u1/12", "3600"), event("u1/13", "60")
	got, err := Read(strings.NewReader(lines(t, a, b, a) + "\n"))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]Event{a, b}, got); diff != "" {
		t.Errorf("records (-want +got):\n%s", diff)
	}
}

func TestWhatIsNoRecord(t *testing.T) {
	other := event("x", "1")
	other.Type = "com.example.other"
	for name, text := range map[string]string{
		"no JSON":    "{",
		"other type": lines(t, other),
		"no id":      lines(t, event("", "1")),
	} {
		if _, err := Read(strings.NewReader(lines(t, event("a", "1")) + text)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestFOCUS(t *testing.T) {
	var out strings.Builder
	if err := WriteFOCUS(&out, []Event{event("u1/12", "3600")}); err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(strings.NewReader(out.String())).ReadAll()
	if err != nil || len(rows) != 2 {
		t.Fatalf("%d rows, %v", len(rows), err)
	}
	got := map[string]string{}
	for i, column := range rows[0] {
		got[column] = rows[1][i]
	}
	for column, want := range map[string]string{
		"BillingAccountId": "acme", "SubAccountId": "alice", "ResourceId": "u1", "SkuMeter": "gpu-seconds",
		"ConsumedQuantity": "3600", "ConsumedUnit": "device seconds", "ChargeCategory": "Usage", "BilledCost": "0",
		"ChargePeriodStart": "2026-03-04T12:00:00Z", "ChargePeriodEnd": "2026-03-04T13:00:00Z",
		"BillingPeriodStart": "2026-03-01T00:00:00Z", "BillingPeriodEnd": "2026-04-01T00:00:00Z",
	} {
		if got[column] != want {
			t.Errorf("%s is %q, want %q", column, got[column], want)
		}
	}
}
