package main

import (
	"fmt"
	"time"
)

const (
	// perOrganization is how many tenants share an organization.
	perOrganization = 50
	// fewTenants are what a quiet wave makes, one every quietPace.
	fewTenants = 20
	quietPace  = time.Second
	// tierOf is the tier of all of them, one of the sample's.
	tierOf = "enterprise"
	// settle is how long a wave is followed by nothing, so that what comes after Ready is
	// counted as its own: ledgers, usages and how many tenants an organization has.
	settle = 10 * time.Second
)

// wave is one way in which tenants come.
type wave struct {
	name, prefix string
	tenants      int
	// pace is the time between two; 0 has all clients create as fast as they are admitted.
	pace time.Duration
}

func (w wave) tenant(i int) string       { return fmt.Sprintf("%s-%d", w.prefix, i) }
func (w wave) organization(i int) string { return fmt.Sprintf("%s-%d", w.prefix, i/perOrganization) }

// waves are one by one, then all at once, then one by one again: what a tenant waits for
// when nobody else comes, and whether it is more when many are there already.
func (p *platform) waves() []wave {
	return []wave{
		{"one a second, among none", "first", fewTenants, quietPace},
		{"all at once", "many", p.provision, 0},
		{fmt.Sprintf("one a second, among %d", fewTenants+p.provision), "last", fewTenants, quietPace},
	}
}

// expected is what a tenant took at most on two cores, and start what a wave of one does; a
// wave fails when it takes generous times as long.
const (
	expected = 250 * time.Millisecond
	start    = 5 * time.Second
	generous = 5
)

// bound is when all of a wave must be Ready, whatever the machine.
func (w wave) bound() time.Duration {
	return generous * (start + time.Duration(w.tenants)*max(expected, w.pace))
}
