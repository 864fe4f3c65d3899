# METADATA
# title: Container images
# description: |
#   Spells a reference out as a container runtime does (docker.io/library before a bare
#   name, tag and digest after it) and compares repositories by whole path segments.
package lib.images

host := `[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*(:[0-9]{1,5})?`

segment := `[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*`

tag := `(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?`

digest := `(@[a-z0-9]+([+._-][a-z0-9]+)*:[0-9a-fA-F]{32,})?`

# grammar is the one of references, all of it and no more: no upper case in a host, no
# empty segment, no dots as segments, nothing behind.
grammar := sprintf(`^(%s/)?%s(/%s)*%s%s$`, [host, segment, segment, tag, digest])

# whole holds for what is a reference and nothing more.
whole(reference) if {
	is_string(reference)
	count(reference) <= 1024
	regex.match(grammar, reference)
}

# repository spells out where a reference points, "" where it is none.
repository(reference) := spelled(untagged(reference)) if whole(reference)

else := ""

untagged(reference) := without_tag(split(reference, "@")[0]) if contains(reference, "@")

else := without_tag(reference)

# A colon begins a tag where no slash follows; before one it begins a port.
without_tag(name) := substring(name, 0, (count(name) - count(behind)) - 1) if {
	contains(name, ":")
	pieces := split(name, ":")
	behind := pieces[count(pieces) - 1]
	not contains(behind, "/")
}

else := name

# A host is told from a first segment as runtimes do.
spelled(name) := name if {
	regex.match(`^([^/]*[.:][^/]*|localhost)/`, name)
	not startswith(name, "docker.io/")
	not startswith(name, "index.docker.io/")
}

else := on_docker(trim_prefix(name, "docker.io/")) if startswith(name, "docker.io/")

else := on_docker(trim_prefix(name, "index.docker.io/"))

on_docker(path) := sprintf("docker.io/%s", [path]) if contains(path, "/")

else := sprintf("docker.io/library/%s", [path])

# below holds for a repository that an entry of a list names: itself, or with /* at the
# end everything below.
below(name, entry) if {
	name != ""
	name == entry
}

below(name, entry) if {
	endswith(entry, "/*")
	count(entry) > 2
	startswith(name, trim_suffix(entry, "*"))
}

# pinned holds for a reference to one content, by its digest.
pinned(reference) if {
	whole(reference)
	contains(reference, "@")
}

# latest holds for a reference without a tag, or with that one; one with a digest is neither.
latest(reference) if {
	whole(reference)
	endswith(reference, ":latest")
}

latest(reference) if {
	whole(reference)
	untagged(reference) == reference
}
