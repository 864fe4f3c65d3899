package engine

import "time"

// Exemption lets one tenant past a policy until it expires.
type Exemption struct {
	Tenant string `json:"tenant"`
	// Owner answers for it.
	Owner   string    `json:"owner"`
	Reason  string    `json:"reason"`
	Expires time.Time `json:"expires"`
}

// Exempt finds the exemption that holds for a tenant at a time; ok is false where none
// does, for an unknown policy and for no tenant.
func (p *Program) Exempt(rule, tenant string, now time.Time) (e Exemption, ok bool) {
	if tenant == "" {
		return Exemption{}, false
	}
	for _, x := range p.policies {
		if x.rule != rule {
			continue
		}
		for _, e := range x.exemptions {
			if e.Tenant == tenant && now.Before(e.Expires) {
				return e, true
			}
		}
	}
	return Exemption{}, false
}
