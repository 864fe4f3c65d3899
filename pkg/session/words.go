package session

import (
	"strings"
	"time"
	"unicode/utf8"
)

// second is the precision of times in objects.
const second = time.Second

func ptrTrue(b *bool) bool { return b != nil && *b }

// joined puts what is not empty into one line.
func joined(parts ...string) string {
	var out []string
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return strings.Join(out, "; ")
}

// cut shortens a text at a whole character.
func cut(text string, most int) string {
	text = strings.ToValidUTF8(strings.TrimSpace(text), "?")
	if len(text) <= most {
		return text
	}
	end := most - len("...")
	for end > 0 && !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
