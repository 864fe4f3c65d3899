# METADATA
# title: Host names
# description: |
#   A host belongs to a tenant when it is the tenant's own domain or below it, compared
#   in the one spelling that DNS knows: lower case, no trailing dot, no wildcard. Another
#   spelling of the same name is never owned, so that two tenants cannot hold one host
#   under two spellings.
package lib.hosts

# plain holds for a host in the one spelling. Labels in punycode are spelled out by
# browsers: they may stand below a tenant's domain, where they are the tenant's in any
# spelling.
plain(host) if {
	is_string(host)
	count(host) <= 253
	regex.match(`^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(\.[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)+$`, host)
}

# owned holds for a plain host that is one of the domains or below it.
owned(host, domains) if {
	plain(host)
	some domain in domains
	within(host, domain)
}

within(host, domain) if host == domain

within(host, domain) if endswith(host, concat("", [".", domain]))

# domains are a tenant's own under each suffix of the platform.
domains(tenant, suffixes) := {domain |
	is_string(tenant)
	tenant != ""
	some suffix in suffixes
	domain := concat(".", [tenant, trim(lower(suffix), ".")])
	plain(domain)
}
