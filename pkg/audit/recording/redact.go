package recording

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"gatehouse.dev/gatehouse/pkg/engine/taint"
)

// minKey is the shortest key, in bytes.
const minKey = 32

// secretNames are fields whose value is a secret wherever they stand, in lower case.
var secretNames = map[string]bool{
	"token": true, "password": true, "passwd": true, "passphrase": true, "apikey": true, "api_key": true,
	"clientsecret": true, "client_secret": true, "secretkey": true, "secret_key": true, "accesskey": true,
	"access_key": true, "privatekey": true, "private_key": true, "email": true,
}

// secretAnnotations hold whole objects or proofs.
var secretAnnotations = map[string]bool{
	"gatehouse.dev/passport": true, "kubectl.kubernetes.io/last-applied-configuration": true,
}

// contents are the fields of a kind that hold what people keep there.
var contents = map[string][]string{
	"Secret":          {"data", "stringData"},
	"ConfigMap":       {"data", "binaryData"},
	"ResearchSession": {"prompt", "messages", "finalOutput"},
}

// secretShapes are tokens, keys and passwords inside any text: passports and JWTs,
// bearer headers, keys of providers, private keys, credentials in an address.
var secretShapes = regexp.MustCompile(strings.Join([]string{
	`v1\.[a-z0-9-]{1,32}\.eyJ`,
	`eyJ[A-Za-z0-9_-]{8,}`,
	`(?i:bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}`,
	`\b(?:sk|pk|rk|ghp|gho|ghs|ghu|glpat|xox[abprs]|hf|AKIA|ASIA|AIza)[-_]?[A-Za-z0-9_-]{12,}`,
	`-----BEGIN [A-Z ]*PRIVATE KEY`,
	`://[^/\s:@]*:[^/\s@]+@`,
}, "|"))

// redactor replaces secrets in one decision.
type redactor struct {
	key []byte
	// replaced are the markers by the texts that they stand for, decoded ones too; made
	// are the markers.
	replaced map[string]string
	made     map[string]bool
	count    int
}

func newRedactor(key []byte) *redactor {
	return &redactor{key: key, replaced: map[string]string{}, made: map[string]bool{}}
}

// input goes over the policies' input, in plain JSON values, and gives it redacted.
func (r *redactor) input(input map[string]any) map[string]any {
	kind := ""
	if request, ok := input["request"].(map[string]any); ok {
		if about, ok := request["kind"].(map[string]any); ok {
			kind, _ = about["kind"].(string)
		}
		if user, ok := request["userInfo"].(map[string]any); ok {
			if extra, ok := user["extra"]; ok {
				user["extra"] = r.all(extra)
			}
		}
		for _, name := range []string{"object", "oldObject"} {
			if object, ok := request[name].(map[string]any); ok {
				r.contents(object, kind)
			}
		}
	}
	out, _ := r.walk(input).(map[string]any)
	return out
}

// contents replaces what a kind's fields hold, at the top and below spec and status.
func (r *redactor) contents(object map[string]any, kind string) {
	for _, field := range contents[kind] {
		for _, place := range []any{object, object["spec"], object["status"]} {
			if at, ok := place.(map[string]any); ok && at[field] != nil {
				at[field] = r.all(at[field])
			}
		}
	}
}

// walk replaces secrets wherever they stand.
func (r *redactor) walk(v any) any {
	switch v := v.(type) {
	case map[string]any:
		if kind, ok := v["kind"].(string); ok {
			r.contents(v, kind)
		}
		for name, value := range v {
			v[name] = r.field(name, value)
		}
	case []any:
		for i, item := range v {
			v[i] = r.walk(item)
		}
	case string:
		if secretShapes.MatchString(v) || taint.IsMarker(v) {
			return r.leaf(v)
		}
	}
	return v
}

func (r *redactor) field(name string, value any) any {
	switch list := value.(type) {
	case []any:
		if name == "env" {
			for _, item := range list {
				if variable, ok := item.(map[string]any); ok && variable["value"] != nil {
					variable["value"] = r.all(variable["value"])
				}
			}
		}
	case map[string]any:
		if name == "annotations" {
			for key, text := range list {
				if secretAnnotations[key] {
					list[key] = r.all(text)
				}
			}
		}
	case string:
		if secretNames[strings.ToLower(name)] {
			return r.all(list)
		}
	}
	return r.walk(value)
}

// all replaces every leaf of a value.
func (r *redactor) all(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for name, value := range v {
			v[name] = r.all(value)
		}
	case []any:
		for i, item := range v {
			v[i] = r.all(item)
		}
	case nil:
	case string:
		return r.leaf(v)
	default:
		raw, _ := json.Marshal(v) // a number or a boolean
		return r.replace(string(raw), taint.Opaque+r.hash("json:"+string(raw)))
	}
	return v
}

// leaf replaces one text. The empty one hides nothing, and what is replaced already is
// left as it is.
func (r *redactor) leaf(s string) string {
	// An object's contents are gone over twice.
	if s == "" || r.made[s] {
		return s
	}
	marker := r.replace(s, taint.Prefix+r.hash("text:"+s))
	if decoded, err := base64.StdEncoding.DecodeString(s); err == nil && len(decoded) > 0 {
		r.replaced[string(decoded)] = marker
	}
	return marker
}

func (r *redactor) replace(text, marker string) string {
	r.count++
	r.replaced[text], r.made[marker] = marker, true
	return marker
}

func (r *redactor) hash(text string) string {
	h := hmac.New(sha256.New, r.key)
	h.Write([]byte(text))
	return hex.EncodeToString(h.Sum(nil)[:16])
}

// text replaces what was replaced in the input in a message too, longest first.
func (r *redactor) text(s string) string {
	secrets := make([]string, 0, len(r.replaced))
	for secret := range r.replaced {
		if strings.Contains(s, secret) {
			secrets = append(secrets, secret)
		}
	}
	slices.SortFunc(secrets, func(a, b string) int {
		if len(a) != len(b) {
			return len(b) - len(a)
		}
		return strings.Compare(a, b)
	})
	// In one pass: a marker must not be searched for shorter secrets.
	pairs := make([]string, 0, 2*len(secrets))
	for _, secret := range secrets {
		pairs = append(pairs, secret, r.replaced[secret])
	}
	return strings.NewReplacer(pairs...).Replace(s)
}

// checkKey refuses a key that could be guessed.
func checkKey(key []byte) error {
	if len(key) < minKey {
		return fmt.Errorf("the key has %d bytes, at least %d are needed", len(key), minKey)
	}
	return nil
}
