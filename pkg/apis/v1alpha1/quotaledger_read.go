package v1alpha1

import "encoding/json"

// UnmarshalJSON reads what no schema has checked. A spec that cannot be read is one of no
// domain, as which nobody takes it: the ledger is built anew from what is stored. An error
// would keep whoever lists ledgers from seeing any.
func (s *QuotaLedgerSpec) UnmarshalJSON(raw []byte) error {
	type plain QuotaLedgerSpec
	var read plain
	if err := json.Unmarshal(raw, &read); err != nil {
		read = plain{}
	}
	*s = QuotaLedgerSpec(read)
	return nil
}
