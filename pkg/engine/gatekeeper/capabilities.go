package gatekeeper

import (
	"slices"
	"strings"
	"sync"

	"github.com/open-policy-agent/opa/v1/ast"
)

// allowed are the built-ins that a template may use: the pure ones, with those that
// version 0 still has. The list is longer than the one of policies, because templates
// were written elsewhere, and an allow-list all the same: what a later OPA brings is
// refused until somebody looked at it.
var allowed = strings.Fields(`
	abs all and any array.concat array.flatten array.reverse array.slice assign
	base64.decode base64.encode base64.is_valid base64url.decode base64url.encode
	base64url.encode_no_pad bits.and bits.negate bits.or bits.rsh bits.xor
	cast_array cast_boolean cast_null cast_object cast_set cast_string ceil concat contains
	count crypto.hmac.equal crypto.hmac.md5 crypto.hmac.sha1 crypto.hmac.sha256
	crypto.hmac.sha512 crypto.md5 crypto.parse_private_keys crypto.sha1 crypto.sha256
	crypto.x509.parse_certificate_request crypto.x509.parse_certificates
	crypto.x509.parse_keypair crypto.x509.parse_rsa_private_key div endswith eq equal floor
	format_int glob.match glob.quote_meta graph.reachable gt gte hex.decode hex.encode
	indexof indexof_n internal.member_2 internal.member_3 internal.template_string
	intersection io.jwt.decode is_array is_boolean is_null is_number is_object is_set
	is_string json.filter json.is_valid json.marshal json.marshal_with_options json.patch
	json.remove json.unmarshal lower lt lte max min minus mul neq net.cidr_contains
	net.cidr_contains_matches net.cidr_intersects net.cidr_is_valid net.cidr_merge
	net.cidr_overlap object.filter object.get object.keys object.remove object.subset
	object.union object.union_n or plus print product re_match
	regex.find_all_string_submatch_n regex.find_n regex.globs_match regex.is_valid
	regex.match regex.replace regex.split regex.template_match rem replace round
	semver.compare semver.is_valid set_diff sort split sprintf startswith
	strings.any_prefix_match strings.any_suffix_match strings.count strings.render_template
	strings.replace_n strings.reverse strings.split_n substring sum time.add_date
	time.clock time.date time.diff time.format time.now_ns time.parse_duration_ns
	time.parse_ns time.parse_rfc3339_ns time.weekday to_number trace trim trim_left
	trim_prefix trim_right trim_space trim_suffix type_name union units.parse
	units.parse_bytes upper uri.is_valid uri.parse urlquery.decode urlquery.decode_object
	urlquery.encode urlquery.encode_object uuid.parse walk yaml.is_valid yaml.marshal
	yaml.unmarshal`)

// refused says of the others why: the text is part of the answer at kubectl apply.
var refused = map[string]string{
	"bits.lsh":               "a large shift takes all memory before any deadline",
	"external_data":          "external data providers are not asked: a decision waits for nobody",
	"graph.reachable_paths":  "the number of paths grows without bound, past any deadline",
	"http.send":              "a decision does not talk to the network",
	"net.cidr_expand":        "a wide network takes all memory",
	"net.lookup_ip_addr":     "a decision does not talk to the network",
	"numbers.range":          "a wide range takes all memory",
	"numbers.range_step":     "a wide range takes all memory",
	"opa.runtime":            "a decision does not read the process's environment",
	"providers.aws.sign_req": "a decision signs nothing",
	"rand.intn":              "a decision is not left to chance",
	"uuid.rfc4122":           "a decision is not left to chance",

	"crypto.x509.parse_and_verify_certificates":              "it reads the machine's own roots and clock",
	"crypto.x509.parse_and_verify_certificates_with_options": "it reads the machine's own roots and clock",
	"json.match_schema":  "a schema may refer to the network",
	"json.verify_schema": "a schema may refer to the network",
}

// refusedFamilies are built-ins by prefix that no manifest asks for.
var refusedFamilies = map[string]string{
	"graphql.":  "no manifest speaks GraphQL",
	"internal.": "it is OPA's own",
	"io.jwt.":   "tokens are verified by the API server",
	"rego.":     "a policy does not look at policies",
}

// whyRefused gives the reason for a built-in that is not allowed.
func whyRefused(name string) string {
	if why, ok := refused[name]; ok {
		return why
	}
	for prefix, why := range refusedFamilies {
		if strings.HasPrefix(name, prefix) {
			return why
		}
	}
	return ""
}

// capabilities is the allow-list in OPA's form, with the language of version 0 and 1.
var capabilities = sync.OnceValue(func() *ast.Capabilities {
	c := ast.CapabilitiesForThisVersion(ast.CapabilitiesRegoVersion(ast.RegoV0))
	c.Builtins = slices.DeleteFunc(c.Builtins, func(b *ast.Builtin) bool { return !slices.Contains(allowed, b.Name) })
	// nil would mean every host.
	c.AllowNet = []string{}
	return c
})
