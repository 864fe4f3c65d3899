package network

import (
	"math/rand/v2"
	"net/netip"
)

// somewhere are ranges in which something of the cluster, its cloud or its provider may
// answer, from IANA's special-purpose and multicast registries and the clouds' manuals.
// ::ffff:0:0/96 is not among them: a socket that is given such an address sends IPv4, and
// the engine judges it as that.
var somewhere = prefixes(
	"0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "168.63.129.16/32", "169.254.0.0/16",
	"172.16.0.0/12", "192.0.0.0/24", "192.168.0.0/16", "198.18.0.0/15", "224.0.0.0/4", "240.0.0.0/4",
	"::/128", "::1/128", "::/96", "64:ff9b::/96", "64:ff9b:1::/48", "2001::/32",
	"2002::/16", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
)

// nowhere are ranges that are set aside for nobody: documentation, discard, overlays.
var nowhere = prefixes(
	"192.0.2.0/24", "192.88.99.0/24", "198.51.100.0/24", "203.0.113.0/24",
	"100::/64", "100:0:0:1::/64", "2001::/23", "2001:db8::/32", "3fff::/20",
)

func prefixes(texts ...string) []netip.Prefix {
	var out []netip.Prefix
	for _, text := range texts {
		out = append(out, netip.MustParsePrefix(text))
	}
	return out
}

func within(ranges []netip.Prefix, address netip.Addr) bool {
	for _, r := range ranges {
		if r.Contains(address) {
			return true
		}
	}
	return false
}

// addressIn gives a random address of a range; the first and the last are as likely as
// all others together, since mistakes are made at the ends.
func addressIn(random *rand.Rand, r netip.Prefix) netip.Addr {
	raw := r.Addr().AsSlice()
	end := random.IntN(4)
	for bit := r.Bits(); bit < len(raw)*8; bit++ {
		if end == 1 || end > 1 && random.IntN(2) == 1 {
			raw[bit/8] |= 0x80 >> (bit % 8)
		}
	}
	address, _ := netip.AddrFromSlice(raw)
	return address
}

// publicAddress gives a random address that nobody set aside: of all of IPv4, or of
// 2000::/3, which is all of IPv6 that is given out.
func publicAddress(random *rand.Rand) netip.Addr {
	from := netip.MustParsePrefix("0.0.0.0/0")
	if random.IntN(2) == 1 {
		from = netip.MustParsePrefix("2000::/3")
	}
	for {
		address := addressIn(random, from)
		if !within(somewhere, address) && !within(nowhere, address) {
			return address
		}
	}
}
