package lib.images_test

import data.lib.images

test_references_are_spelled_out if {
	every reference, name in {
		"busybox": "docker.io/library/busybox",
		"busybox:1.36": "docker.io/library/busybox",
		"localhost:5000": "docker.io/library/localhost",
		"docker.io/busybox": "docker.io/library/busybox",
		"index.docker.io/busybox:1": "docker.io/library/busybox",
		"index.docker.io/library/busybox": "docker.io/library/busybox",
		"library/busybox": "docker.io/library/busybox",
		"bitnami/redis:7": "docker.io/bitnami/redis",
		"localhost/app": "localhost/app",
		"localhost:5000/app:1": "localhost:5000/app",
		"registry.k8s.io/pause": "registry.k8s.io/pause",
		"registry.k8s.io/pause:3.10": "registry.k8s.io/pause",
		"registry.k8s.io:443/pause": "registry.k8s.io:443/pause",
		"registry.k8s.io/sig/pause@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef": "registry.k8s.io/sig/pause",
		"registry.k8s.io/pause:3@sha256:0123456789abcdef0123456789abcdef": "registry.k8s.io/pause",
	} {
		images.repository(reference) == name
	}
}

test_what_is_no_reference if {
	every reference in [
		"", " ", "/", "Busybox", "Registry.k8s.io/pause", "registry.k8s.io/Pause", "registry.k8s.io/", "/pause",
		"registry.k8s.io//pause", "registry.k8s.io/../evil.com/pause", "registry.k8s.io/./pause", "registry.k8s.io/pause:",
		"registry.k8s.io/pause@", "registry.k8s.io/pause@sha256:12", "https://registry.k8s.io/pause", "registry.k8s.io/pause\n",
		"user@registry.k8s.io/pause", "registry.k8s.io\\pause", "registry.k8s.io/pause?x", "registry.k8s.io:443443/pause",
		"registry.k8s.io/pаuse", "registry.k8s.io/pause:3:4", null, 7, ["registry.k8s.io/pause"], {"a": 1}, true,
	] {
		images.repository(reference) == ""
	}
	images.repository(concat("", ["registry.k8s.io/", sprintf("%01100d", [0])])) == ""
}

test_below if {
	images.below("registry.k8s.io/pause", "registry.k8s.io/*")
	images.below("registry.k8s.io/a/b", "registry.k8s.io/*")
	images.below("registry.k8s.io/pause", "registry.k8s.io/pause")
	found := [pair |
		some pair in [
			["registry.k8s.io.evil.com/pause", "registry.k8s.io/*"],
			["registry.k8s.io:443/pause", "registry.k8s.io/*"],
			["registry.k8s.io/pause/x", "registry.k8s.io/pause"],
			["registry.k8s.io/pause-evil", "registry.k8s.io/pause"],
			["quay.io/gkrumbach07evil/x", "quay.io/gkrumbach07/*"],
			["evil.com/registry.k8s.io/pause", "registry.k8s.io/*"],
			["quay.io/xy", "quay.io/*y"],
			["quay.io/*/y", "quay.io/*y"],
			["quay.io/xy", "quay.io/x*"],
			["quay.io/x", "*"],
			["quay.io/x", "/*"],
			["quay.io/x", ""],
			["", ""],
			["", "/*"],
		]
		images.below(pair[0], pair[1])
	]
	found == []
}

test_pinned if {
	every reference in ["busybox@sha256:0123456789abcdef0123456789abcdef", "ghcr.io/a/b:1@sha256:0123456789abcdef0123456789abcdef"] {
		images.pinned(reference)
		not images.latest(reference)
	}
	every reference in ["busybox", "busybox:1", "x@sha256:0", "@sha256:0123456789abcdef0123456789abcdef", "", null, 7] {
		not images.pinned(reference)
	}
}

test_latest if {
	every reference in ["busybox", "busybox:latest", "ghcr.io/a/b", "ghcr.io/a/b:latest", "localhost:5000/a", "localhost:5000/a:latest"] {
		images.latest(reference)
	}
	every reference in ["busybox:1", "busybox:LATEST", "busybox:latest-1", "ghcr.io/a/b:1.latest", "ghcr.io/latest/b:1", "latest:5000/a:1", "A", "A:latest", ":latest", "a@b:latest", "", null, 7] {
		not images.latest(reference)
	}
}
