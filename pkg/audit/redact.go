package audit

import (
	"fmt"
	"regexp"
	"runtime"
	"strings"
	"unicode/utf8"
)

// Bounds of what one line may hold, in bytes.
const (
	maxName    = 512
	maxMessage = 4096
	maxList    = 32
)

// secrets are the shapes that must never be written: passports and JWTs (both carry a
// base64url payload that begins with `{"`), bearer headers, keys of model providers,
// private keys.
var secrets = regexp.MustCompile(strings.Join([]string{
	`v1\.[a-z0-9-]{1,32}\.eyJ[A-Za-z0-9_-]+(?:\.[A-Za-z0-9_-]*)?`,
	`eyJ[A-Za-z0-9_-]{8,}(?:\.[A-Za-z0-9_-]*)*`,
	`(?i:bearer)\s+[A-Za-z0-9._~+/=-]{8,}`,
	`sk-[A-Za-z0-9_-]{12,}`,
	`-----BEGIN [A-Z ]*PRIVATE KEY-----(?s:.*?)(?:-----END [A-Z ]*PRIVATE KEY-----|$)`,
}, "|"))

// hints are cheap signs that the expression may match; nearly no text has one.
var hints = []string{"eyJ", "sk-", "PRIVATE KEY", "earer", "EARER"}

// redacted stands where a secret stood.
const redacted = "[redacted]"

// Redact takes passports, tokens and keys out of a text. It also goes over the answers
// to callers, so that the log and the answer say the same.
func Redact(s string) string {
	for _, hint := range hints {
		if strings.Contains(s, hint) {
			return secrets.ReplaceAllLiteralString(s, redacted)
		}
	}
	return s
}

// OneLine flattens a text to one line of valid UTF-8 of at most limit bytes. Besides
// the control characters it takes the Unicode line and paragraph separators and next
// line, which some readers split lines at.
func OneLine(s string, limit int) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r < 0x20, r >= 0x7f && r < 0xa0, r == 0x2028, r == 0x2029:
			return ' '
		case r == utf8.RuneError:
			return '?'
		}
		return r
	}, s)
	return cut(s, limit)
}

// harmless reports whether a text is printable ASCII without any sign of a secret, by one look at
// each byte: nearly every text is, and a line of the log has thirty.
func harmless(s string) bool {
	for i := range len(s) {
		switch c := s[i]; c {
		case 'J', 'V': // eyJ, PRIVATE KEY
			return false
		case '-': // sk-
			if i > 0 && s[i-1] == 'k' {
				return false
			}
		case 'r', 'R': // earer, EARER
			if i > 1 && s[i-2]|0x20 == 'r' {
				return false
			}
		default:
			if c < 0x20 || c >= 0x7f {
				return false
			}
		}
	}
	return true
}

// Clean redacts and flattens in one: what a text of unknown origin goes through on its
// way out. Its cost is bounded by limit, not by the text.
func Clean(s string, limit int) string {
	if len(s) <= limit && harmless(s) {
		return s
	}
	// A secret that begins before the cut is still known by its beginning.
	return OneLine(Redact(cut(s, 8*limit)), limit)
}

// lines keeps the line breaks of a message (they are escaped in JSON) and makes every
// line safe.
func lines(s string, limit int) string {
	parts := strings.Split(cut(s, limit), "\n")
	for i, part := range parts {
		parts[i] = OneLine(part, limit)
	}
	return cut(strings.Join(parts, "\n"), limit)
}

// cut shortens to at most limit bytes without breaking a character.
func cut(s string, limit int) string {
	const mark = "…"
	if len(s) <= limit {
		return s
	}
	end := limit - len(mark)
	for end > 0 && !utf8.RuneStart(s[end]) {
		end--
	}
	return s[:end] + mark
}

// Panic says what was panicked with, without its contents: the runtime's own words, or
// the type.
func Panic(value any) string {
	if own, ok := value.(runtime.Error); ok {
		return own.Error()
	}
	return fmt.Sprintf("%T", value)
}
