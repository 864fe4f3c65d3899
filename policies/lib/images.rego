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

# repository spells out where a reference points, "" where it is none.
repository(reference) := spelled(split(untagged(reference), "/")) if {
	is_string(reference)
	count(reference) <= 1024
	regex.match(grammar, reference)
}

else := ""

untagged(reference) := concat("/", array.concat(array.slice(parts, 0, count(parts) - 1), [last])) if {
	parts := split(split(reference, "@")[0], "/")
	last := split(parts[count(parts) - 1], ":")[0]
}

spelled(parts) := concat("/", ["docker.io/library", parts[0]]) if count(parts) == 1

else := concat("/", array.concat(["docker.io", "library"], array.slice(parts, 1, 2))) if {
	parts[0] in docker
	count(parts) == 2
}

else := concat("/", array.concat(["docker.io"], array.slice(parts, 1, count(parts)))) if parts[0] in docker

else := concat("/", parts) if is_host(parts[0])

else := concat("/", array.concat(["docker.io"], parts))

docker := {"docker.io", "index.docker.io"}

# is_host tells a host from a first segment, as runtimes do.
is_host(part) if regex.match(`[.:]`, part)

is_host("localhost")

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
	repository(reference) != ""
	contains(reference, "@")
}

# latest holds for a reference without a tag, or with that one.
latest(reference) if {
	repository(reference) != ""
	not contains(reference, "@")
	parts := split(reference, "/")
	tagged := split(parts[count(parts) - 1], ":")
	array.slice(tagged, 1, 2) in [[], ["latest"]]
}
