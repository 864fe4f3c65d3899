package lib.hosts_test

import data.lib.hosts

own := {"alice.apps.example.com"}

test_own_hosts if {
	every host in ["alice.apps.example.com", "web.alice.apps.example.com", "xn--bcher-kva.alice.apps.example.com"] {
		hosts.owned(host, own)
	}
}

test_other_spellings_are_nobodys if {
	owned := [host |
		some host in [
			"", ".", "*", "*.alice.apps.example.com", "Web.alice.apps.example.com", "web.alice.apps.example.com.",
			"web.ALICE.apps.example.com", "malice.apps.example.com", "alice.apps.example.com.evil.com",
			"web.alice.apps.example.com.evil.com", "apps.example.com", "bob.apps.example.com", "web..alice.apps.example.com", ".alice.apps.example.com",
			"xn--alice-.apps.example.com", "аlice.apps.example.com", "alice。apps.example.com",
			" alice.apps.example.com", "alice.apps.example.com\n", "web_1.alice.apps.example.com",
			"-web.alice.apps.example.com", "alice", null, 7, ["alice.apps.example.com"], {"a": 1}, true,
		]
		hosts.owned(host, own)
	]
	owned == []
	long := concat(".", [sprintf("a%s", [label]) | some label in split(sprintf("%0300d", [0]), "")])
	every host in [long, concat(".", [long, "alice.apps.example.com"])] {
		not hosts.owned(host, own)
	}
}

test_no_domain_no_host if {
	not hosts.owned("web.alice.apps.example.com", set())
}

test_domains if {
	hosts.domains("alice", ["apps.example.com", ".Example.org."]) == {"alice.apps.example.com", "alice.example.org"}
	hosts.domains("alice", []) == set()
	hosts.domains("alice", ["", "x y"]) == set()
	hosts.domains("", ["apps.example.com"]) == set()
	every tenant in ["", null, 7, ["alice"], "Alice", "a/b"] {
		hosts.domains(tenant, ["apps.example.com"]) == set()
	}
}
