package review

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// MaxMessage is the longest text of a denial, in bytes.
const MaxMessage = 4096

// Denial is one reason to say no, in the parts that a person needs.
type Denial struct {
	// Rule is <area>/<rule>: the policy's folder, or identity/<reason> and
	// quota/<reason> for what Go decides.
	Rule string `json:"rule"`
	// Problem says what is wrong, with the value; values come through Quote.
	Problem string `json:"problem"`
	// Allowed says the limit, what is used, or what is allowed.
	Allowed string `json:"allowed,omitempty"`
	// Next says what to do.
	Next string `json:"next,omitempty"`
}

// Quote renders a value that a tenant may have chosen: quoted, escaped to one line of
// printable characters, and cut to 128 bytes.
func Quote(s string) string {
	const limit = 128
	if len(s) > limit {
		cut := limit
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
		s = s[:cut] + "…"
	}
	return strconv.QuoteToGraphic(s)
}

// Message renders denials as the contract words them, one a line, at most MaxMessage
// bytes:
//
//	denied by <rule>: <problem>; <allowed>; <next> [tier=<tier> correlation=<id>]
func (v Verdict) Message() string {
	tail := " [tier=" + cut(flatten(orNone(v.Trace.Tier)), 128) + " correlation=" + cut(flatten(orNone(v.Trace.Correlation)), 128) + "]"
	if len(v.Denials) == 0 {
		return "denied by identity/no-reason: nothing allowed this write" + tail
	}
	var b strings.Builder
	for i, d := range v.Denials {
		line := d.line(tail)
		rest := len(v.Denials) - i
		more := "and " + strconv.Itoa(rest) + " more denials"
		if b.Len()+len(line)+1+len(more)+1 > MaxMessage && i > 0 {
			b.WriteString("\n" + more)
			break
		}
		if i > 0 {
			b.WriteByte('\n')
		}
		b.WriteString(line)
	}
	return b.String()
}

// line renders one denial, its text flattened to one line and cut so that rule and
// tail always stand.
func (d Denial) line(tail string) string {
	text := d.Problem
	for _, part := range []string{d.Allowed, d.Next} {
		if part != "" {
			text += "; " + part
		}
	}
	text = flatten(text)
	head := "denied by " + cut(flatten(d.Rule), 256) + ": "
	text = cut(text, MaxMessage-len(head)-len(tail)-64)
	return head + text + tail
}

// flatten keeps a text on one line whatever a policy put into it.
func flatten(s string) string {
	return strings.Map(func(r rune) rune {
		if r < 0x20 || r == 0x7f || r == 0x85 || r == 0x2028 || r == 0x2029 {
			return ' '
		}
		return r
	}, s)
}

func orNone(s string) string {
	if s == "" {
		return "none"
	}
	return s
}

// cut shortens a text to so many bytes, at a character's border.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for limit > 0 && !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit] + "…"
}
