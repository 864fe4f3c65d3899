package cli

import (
	"fmt"
	"testing"
)

// fullUsage is a Usage as the provisioner writes it.
func fullUsage(tenant, organization string) string {
	return fmt.Sprintf(`{"apiVersion":"gatehouse.dev/v1alpha1","kind":"Usage",
"metadata":{"name":"current","namespace":"claude-runner-user-%[1]s"},
"status":{"tenant":%[1]q,"user":"local:%[1]s","organization":%[2]q,"role":"member","tier":"standard","fullest":"sessions 100%%","dimensions":[
{"dimension":"cpu","unit":"cores","used":"1500m","reserved":"250m","limit":"8","window":"none","source":"tier standard","percent":21},
{"dimension":"gpu","unit":"devices","used":"0","reserved":"0","limit":"0","window":"none","source":"tier standard"},
{"dimension":"memory","unit":"bytes","used":"1Gi","reserved":"0","limit":"16Gi","window":"none","source":"tier standard","percent":6},
{"dimension":"session-starts","unit":"sessions","used":"412","reserved":"1","limit":"500","window":"day","source":"tier standard","percent":82,
 "windowStart":"2026-09-15T00:00:00Z","resetsAt":"2026-09-16T00:00:00Z"},
{"dimension":"sessions","unit":"sessions","used":"2","reserved":"1","limit":"3","window":"none","source":"tier standard","percent":100},
{"dimension":"tokens","unit":"tokens","used":"12k","reserved":"0","limit":"unlimited","window":"month","source":"tier standard",
 "windowStart":"2026-09-01T00:00:00Z","resetsAt":"2026-10-01T00:00:00Z"}]}}`, tenant, organization)
}

func TestUsage(t *testing.T) {
	all := fmt.Sprintf(`{"apiVersion":"gatehouse.dev/v1alpha1","kind":"UsageList","metadata":{},"items":[%s,%s,%s]}`,
		fullUsage("bob", "globex"), fullUsage("carol", "acme"), fullUsage("alice", "acme"))
	(&apiServer{user: "local:alice", objects: map[string]string{
		usagePath("alice"):                    fullUsage("alice", "acme"),
		"/apis/gatehouse.dev/v1alpha1/usages": all,
	}}).start(t)
	for name, args := range map[string][]string{
		"own": {}, "own-json": {"-o", "json"}, "own-csv": {"-o", "csv"}, "own-idle": {"--idle"},
		"all": {"--all"}, "all-json": {"--all", "-o", "json"}, "all-csv": {"--all", "-o", "csv"},
		"misuse": {"-o", "xml"}, "arguments": {"--all", "alice"},
	} {
		run(t, "", append([]string{"usage"}, args...)...).golden(t, "usage/"+name)
	}
}

func TestUsageOfNobody(t *testing.T) {
	(&apiServer{user: "local:erin"}).start(t)
	run(t, "", "usage").golden(t, "usage/none")
	run(t, "", "usage", "--all").golden(t, "usage/none-all")
}

func TestUsageExport(t *testing.T) {
	line := `{"specversion":"1.0","id":"u1/2026-03-04T12:00:00Z","source":"/gatehouse/provisioner","type":"dev.gatehouse.usage.v1","subject":"alice",` +
		`"time":"2026-03-04T13:00:00Z","datacontenttype":"application/json","data":{"tenant":"alice","user":"local:alice","organization":"acme","tier":"standard",` +
		`"dimension":"gpu-seconds","amount":"7200","unit":"device seconds","start":"2026-03-04T12:00:00Z","end":"2026-03-04T13:00:00Z",` +
		`"resource":"claude-runner-user-alice/training","resourceUID":"u1"}}` + "\n"
	run(t, line+line, "usage", "export", "-").golden(t, "usage/export")
	run(t, "", "usage", "export", file(t, "records.jsonl", line)).golden(t, "usage/export")
	run(t, "{}\n", "usage", "export", "-").golden(t, "usage/export-broken")
	run(t, "", "usage", "export").golden(t, "usage/export-misuse")
}

func TestNoNameIsAFormula(t *testing.T) {
	for given, want := range map[string]string{"": "", "alice": "alice", "=1+1": "'=1+1", "@sum": "'@sum", "-1": "'-1", "+a": "'+a", "\tx": "'\tx"} {
		if got := inert(given); got != want {
			t.Errorf("%q is written %q, want %q", given, got, want)
		}
	}
}
