package v1alpha1_test

import (
	"encoding/json"
	"testing"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

func TestUnreadableLedgerIsOfNoDomain(t *testing.T) {
	for name, tt := range map[string]struct{ raw, domain string }{
		"as written":            {`{"domain":"organization/acme","sections":[{"tenant":"alice"}]}`, "organization/acme"},
		"a number for a name":   {`{"domain":"organization/acme","sections":[{"tenant":7}]}`, ""},
		"an object for a list":  {`{"domain":"organization/acme","sections":{"tenant":"alice"}}`, ""},
		"no quantity":           {`{"domain":"organization/acme","sections":[{"tenant":"alice","settled":[{"dimension":"cpu","amount":"lots"}]}]}`, ""},
		"no time":               {`{"domain":"organization/acme","sections":[{"tenant":"alice","entries":[{"expires":"soon"}]}]}`, ""},
		"a tenant twice":        {`{"domain":"organization/acme","sections":[{"tenant":"alice"},{"tenant":"alice"}]}`, ""},
		"a tenant of no name":   {`{"domain":"organization/acme","sections":[{"tenant":""}]}`, ""},
		"a dimension twice":     {`{"domain":"organization/acme","sections":[{"tenant":"alice","settled":[{"dimension":"cpu","amount":"1"},{"dimension":"cpu","amount":"2"}]}]}`, ""},
		"twice in an entry":     {`{"domain":"organization/acme","sections":[{"tenant":"alice","entries":[{"amounts":[{"dimension":"cpu","amount":"1"},{"dimension":"cpu","amount":"2"}],"expires":"2026-11-27T00:00:00Z"}]}]}`, ""},
		"null":                  {`{"domain":"organization/acme","sections":null}`, "organization/acme"},
		"what nobody knows yet": {`{"domain":"organization/acme","sections":[{"tenant":"alice","later":1}]}`, "organization/acme"},
	} {
		t.Run(name, func(t *testing.T) {
			var l v1alpha1.QuotaLedger
			if err := json.Unmarshal([]byte(`{"metadata":{"name":"organization-acme"},"spec":`+tt.raw+`}`), &l); err != nil {
				t.Fatal(err)
			}
			if l.Spec.Domain != tt.domain || (tt.domain == "") != (len(l.Spec.Sections) == 0) && name != "null" {
				t.Errorf("read as %+v, want domain %q", l.Spec, tt.domain)
			}
		})
	}
}
