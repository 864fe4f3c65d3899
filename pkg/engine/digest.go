package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// digest names a set of policies: everything that may change an answer is in it.
func digest(src *sources, policies []*policy, podKinds []string) string {
	h := sha256.New()
	for _, s := range src.policies {
		section(h, s.file, []byte(s.text))
	}
	for _, file := range slices.Sorted(maps.Keys(src.libraries)) {
		section(h, file, []byte(src.libraries[file]))
	}
	section(h, schemaFile, src.schema)
	section(h, capabilitiesFile, src.capabilities)
	section(h, "pod kinds", []byte(strings.Join(podKinds, ",")))
	for _, p := range policies {
		// Maps of JSON values: keys come out sorted, and it cannot fail.
		raw, _ := json.Marshal([]any{p.parameters, p.narrow, p.exemptions, p.delegable})
		section(h, "settings "+p.rule, raw)
		section(h, "enforcement "+p.rule, []byte(p.enforcement))
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil))
}

// section writes lengths too, so that no two sets run into the same bytes.
func section(h hash.Hash, name string, body []byte) {
	h.Write([]byte(strconv.Itoa(len(name)) + ":" + name + strconv.Itoa(len(body)) + ":"))
	h.Write(body)
}
