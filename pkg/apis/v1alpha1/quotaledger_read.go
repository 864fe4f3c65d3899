package v1alpha1

import "encoding/json"

// UnmarshalJSON reads what no schema has checked. A spec that cannot be read, or in which one
// tenant or dimension is there twice, is one of no domain, as which nobody takes it: the
// ledger is built anew from what is stored. An error would keep whoever lists ledgers from
// seeing any.
func (s *QuotaLedgerSpec) UnmarshalJSON(raw []byte) error {
	type plain QuotaLedgerSpec
	var read plain
	if err := json.Unmarshal(raw, &read); err != nil || !distinct(read.Sections) {
		read = plain{}
	}
	*s = QuotaLedgerSpec(read)
	return nil
}

// distinct reports whether every section has a tenant of its own, and every list of amounts
// a dimension for each.
func distinct(sections []LedgerSection) bool {
	tenants := map[string]bool{"": true}
	for _, s := range sections {
		if tenants[s.Tenant] || !once(s.Settled) {
			return false
		}
		tenants[s.Tenant] = true
		for _, e := range s.Entries {
			if !once(e.Amounts) || !once(e.Held) {
				return false
			}
		}
	}
	return true
}

func once(amounts []LedgerAmount) bool {
	for i, a := range amounts {
		for _, b := range amounts[:i] {
			if a.Dimension == b.Dimension {
				return false
			}
		}
	}
	return true
}
