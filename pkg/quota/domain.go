package quota

import "strings"

// The two kinds of quota domain, before the slash.
const (
	domainOrganization = "organization/"
	domainTenant       = "tenant/"
)

// SplitDomain returns the organization or the tenant that a domain names, the other one
// is empty; ok is false for anything that is no domain.
func SplitDomain(domain string) (organization, tenant string, ok bool) {
	if name, found := strings.CutPrefix(domain, domainOrganization); found && name != "" {
		return name, "", true
	}
	if name, found := strings.CutPrefix(domain, domainTenant); found && name != "" {
		return "", name, true
	}
	return "", "", false
}

// DomainOfName is the domain of the QuotaLedger of that name, "" for a name of none.
func DomainOfName(name string) string {
	for _, kind := range []string{domainOrganization, domainTenant} {
		if rest, found := strings.CutPrefix(name, DomainName(kind)); found && rest != "" {
			return kind + rest
		}
	}
	return ""
}

// DomainName is the name of the domain's QuotaLedger: organization-acme, tenant-erin.
// Neither kind contains the other's prefix, so no two domains share a name.
func DomainName(domain string) string { return strings.Replace(domain, "/", "-", 1) }
