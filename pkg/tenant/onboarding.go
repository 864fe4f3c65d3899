package tenant

import (
	"fmt"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/apis/v1alpha1"
)

// Onboarding says who may create a tenant for herself, and what it becomes. The zero
// value is closed.
type Onboarding struct {
	// Issuers are the aliases whose users may come in. Empty means closed.
	Issuers []string `json:"issuers,omitempty"`
	// Domains, if any, are the verified email domains that may come in.
	Domains []string `json:"domains,omitempty"`
	// Groups, if any, are the full group names that may come in.
	Groups []string `json:"groups,omitempty"`
	// DefaultOrganization takes those whom no organization counts as a member.
	DefaultOrganization string `json:"defaultOrganization,omitempty"`
	// DefaultTier is given where nothing else says a tier.
	DefaultTier string `json:"defaultTier,omitempty"`
	// Cap is the most tenants that may be there; 0 means none.
	Cap int `json:"cap,omitempty"`
}

// Applicant is the person who asks.
type Applicant struct {
	Username string
	Groups   []string
	// Email is the verified one, or empty.
	Email string
}

// Refusal says why an application is turned down, in the parts of a denial.
type Refusal struct{ Reason, Problem, Allowed, Next string }

// Placed is what the platform fills in.
type Placed struct{ Organization, Tier string }

// Admit decides whether a person may onboard, and where she belongs. tenants is how
// many there are.
func (o Onboarding) Admit(a Applicant, organizations map[string]*v1alpha1.Organization, tiers map[string]*v1alpha1.Tier, tenants int) (Placed, *Refusal) {
	if r := o.open(a, tenants); r != nil {
		return Placed{}, r
	}
	org, r := o.organization(a, organizations)
	if r != nil {
		return Placed{}, r
	}
	tier, ok := o.tier(org, tiers)
	if !ok {
		return Placed{}, &Refusal{"no-tier", fmt.Sprintf("organization %q has no tier to start with", org.Name), "", "ask the platform's administrators"}
	}
	return Placed{Organization: org.Name, Tier: tier}, nil
}

func (o Onboarding) open(a Applicant, tenants int) *Refusal {
	alias, _, ok := Split(a.Username)
	if !ok || !slices.Contains(o.Issuers, alias) {
		return &Refusal{"onboarding-closed", fmt.Sprintf("people of the issuer %q may not onboard themselves", alias), "", "ask the platform's administrators for a tenant"}
	}
	if len(o.Domains) > 0 && !slices.Contains(o.Domains, domain(a.Email)) {
		return &Refusal{"onboarding-closed", "your verified email is not of a domain that may onboard", "allowed domains: " + strings.Join(o.Domains, ", "), "ask the platform's administrators for a tenant"}
	}
	if len(o.Groups) > 0 && !overlaps(o.Groups, a.Groups) {
		return &Refusal{"onboarding-closed", "you are in no group that may onboard", "allowed groups: " + strings.Join(o.Groups, ", "), "ask the platform's administrators for a tenant"}
	}
	if tenants >= o.Cap {
		return &Refusal{"onboarding-full", "the platform takes no more tenants", fmt.Sprintf("limit %d, used %d", o.Cap, tenants), "ask the platform's administrators"}
	}
	return nil
}

// organization finds the one organization that names the person; none means the
// default, several are refused with the list.
func (o Onboarding) organization(a Applicant, organizations map[string]*v1alpha1.Organization) (*v1alpha1.Organization, *Refusal) {
	var names []string
	for name, org := range organizations {
		if isMember(org.Spec.Members, a.Username, a.Groups) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	switch len(names) {
	case 0:
		names = []string{o.DefaultOrganization}
	case 1:
	default:
		return nil, &Refusal{"several-organizations", "several organizations name you", "organizations: " + strings.Join(names, ", "), "ask the platform's administrators to choose one"}
	}
	org, ok := organizations[names[0]]
	if !ok {
		return nil, &Refusal{"no-organization", fmt.Sprintf("organization %q does not exist", names[0]), "", "ask the platform's administrators"}
	}
	return org, nil
}

// tier is the default one where the organization has it, else its lowest.
func (o Onboarding) tier(org *v1alpha1.Organization, tiers map[string]*v1alpha1.Tier) (string, bool) {
	if slices.Contains(org.Spec.Tiers, o.DefaultTier) && tiers[o.DefaultTier] != nil {
		return o.DefaultTier, true
	}
	best := ""
	for _, name := range org.Spec.Tiers {
		if t := tiers[name]; t != nil && (best == "" || t.Spec.Rank < tiers[best].Spec.Rank) {
			best = name
		}
	}
	return best, best != ""
}

func domain(email string) string {
	at := strings.LastIndexByte(email, '@')
	if at < 0 {
		return ""
	}
	return strings.ToLower(email[at+1:])
}
