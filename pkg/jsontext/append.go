// Package jsontext writes strings as JSON.
package jsontext

import "encoding/json"

// Append adds a string as encoding/json writes it, without the detour through types where the
// string is plain, as names are. Broken UTF-8 becomes U+FFFD.
func Append(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' || c == '<' || c == '>' || c == '&' {
			text, err := json.Marshal(s)
			if err != nil {
				panic("jsontext: " + err.Error()) // a string has no way to fail
			}
			return append(b, text...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}
