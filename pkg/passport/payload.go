package passport

import (
	"encoding/json"
	"strconv"
	"strings"

	"gatehouse.dev/gatehouse/pkg/jsontext"
)

// The payload has one form: the fields of UserPassport in their order, absent where
// empty, without white space, texts escaped as encoding/json escapes them. It is
// written and read by hand because each write in a tenant namespace does both.

// appendPayload appends the one form of the passport, equal to json.Marshal's.
func appendPayload(b []byte, p UserPassport) []byte {
	b = jsontext.Append(append(b, `{"version":`...), p.Version)
	b = jsontext.Append(append(b, `,"key_id":`...), p.KeyID)
	b = jsontext.Append(append(b, `,"audience":`...), p.Audience)
	b = jsontext.Append(append(b, `,"user_id":`...), p.UserID)
	b = appendField(b, `,"email":`, p.Email)
	b = appendList(b, `,"groups":[`, p.Groups)
	b = appendList(b, `,"permissions":[`, p.Permissions)
	b = appendField(b, `,"role":`, p.Role)
	b = appendField(b, `,"organization":`, p.Organization)
	b = appendField(b, `,"tier":`, p.Tier)
	b = appendField(b, `,"namespace":`, p.Namespace)
	b = appendField(b, `,"correlation_id":`, p.CorrelationID)
	if o := p.Object; o != (Object{}) {
		b = append(b, `,"object":{`...)
		if o.Group != "" {
			b = append(jsontext.Append(append(b, `"group":`...), o.Group), ',')
		}
		b = jsontext.Append(append(b, `"kind":`...), o.Kind)
		b = appendField(b, `,"namespace":`, o.Namespace)
		b = appendField(b, `,"name":`, o.Name)
		b = appendField(b, `,"generateName":`, o.GenerateName)
		b = append(b, '}')
	}
	b = strconv.AppendInt(append(b, `,"issued_at":`...), p.IssuedAt, 10)
	if p.NotBefore != 0 {
		b = strconv.AppendInt(append(b, `,"nbf":`...), p.NotBefore, 10)
	}
	if p.Expires != 0 {
		b = strconv.AppendInt(append(b, `,"exp":`...), p.Expires, 10)
	}
	return append(b, '}')
}

func appendField(b []byte, name, value string) []byte {
	if value == "" {
		return b
	}
	return jsontext.Append(append(b, name...), value)
}

func appendList(b []byte, name string, values []string) []byte {
	if len(values) == 0 {
		return b
	}
	b = append(b, name...)
	for i, v := range values {
		if i > 0 {
			b = append(b, ',')
		}
		b = jsontext.Append(b, v)
	}
	return append(b, ']')
}

// reader walks through a payload. It need not be strict: what it read is written again
// and must give the same bytes. It must only end, and never panic.
type reader struct {
	rest string
	bad  bool
}

// parsePayload reads the fields; false means that this cannot be a payload.
func parsePayload(s string) (UserPassport, bool) {
	var p UserPassport
	r := &reader{rest: s}
	p.Version = r.need(`{"version":`).text()
	p.KeyID = r.need(`,"key_id":`).text()
	p.Audience = r.need(`,"audience":`).text()
	p.UserID = r.need(`,"user_id":`).text()
	p.Email = r.field(`,"email":`)
	p.Groups = r.list(`,"groups":[`)
	p.Permissions = r.list(`,"permissions":[`)
	p.Role = r.field(`,"role":`)
	p.Organization = r.field(`,"organization":`)
	p.Tier = r.field(`,"tier":`)
	p.Namespace = r.field(`,"namespace":`)
	p.CorrelationID = r.field(`,"correlation_id":`)
	if r.skip(`,"object":{`) {
		if r.skip(`"group":`) {
			p.Object.Group = r.text()
			r.need(`,`)
		}
		p.Object.Kind = r.need(`"kind":`).text()
		p.Object.Namespace = r.field(`,"namespace":`)
		p.Object.Name = r.field(`,"name":`)
		p.Object.GenerateName = r.field(`,"generateName":`)
		r.need(`}`)
	}
	p.IssuedAt = r.need(`,"issued_at":`).number()
	if r.skip(`,"nbf":`) {
		p.NotBefore = r.number()
	}
	if r.skip(`,"exp":`) {
		p.Expires = r.number()
	}
	r.need(`}`)
	return p, !r.bad && r.rest == ""
}

// skip steps over the text if it comes next.
func (r *reader) skip(text string) bool {
	rest, ok := strings.CutPrefix(r.rest, text)
	r.rest = rest
	return ok
}

// need is skip of what must come next.
func (r *reader) need(text string) *reader {
	if !r.skip(text) {
		r.bad = true
	}
	return r
}

func (r *reader) field(name string) string {
	if !r.skip(name) {
		return ""
	}
	return r.text()
}

func (r *reader) list(name string) []string {
	if !r.skip(name) {
		return nil
	}
	var out []string
	for {
		out = append(out, r.text())
		if r.bad || !r.skip(`,`) {
			break
		}
	}
	r.need(`]`)
	return out
}

// text reads one JSON string.
func (r *reader) text() string {
	if r.bad || !r.skip(`"`) {
		r.bad = true
		return ""
	}
	s, escaped := r.rest, false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			escaped = true
			i++
		case '"':
			r.rest = s[i+1:]
			if !escaped {
				return s[:i]
			}
			var out string
			if json.Unmarshal([]byte(`"`+s[:i+1]), &out) != nil {
				r.bad = true
			}
			return out
		}
	}
	r.bad = true
	return ""
}

// number reads a decimal number without sign.
func (r *reader) number() int64 {
	end := 0
	for end < len(r.rest) && r.rest[end] >= '0' && r.rest[end] <= '9' {
		end++
	}
	n, err := strconv.ParseInt(r.rest[:end], 10, 64)
	if err != nil {
		r.bad = true
	}
	r.rest = r.rest[end:]
	return n
}
