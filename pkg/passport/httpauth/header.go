package httpauth

import (
	"net/http"
	"strings"
)

// maxHeader is the longest Authorization header that is looked into, in bytes: over
// twice the longest passport.
const maxHeader = 8 << 10

// scheme is the only one that is taken, in any case as RFC 9110 has it.
const scheme = "Bearer"

// bearer takes the credential out of exactly one Authorization header, or gives a
// reason. What it is made of is for Verify to say.
func bearer(header http.Header) (wire, reason string) {
	values := header["Authorization"]
	switch {
	case len(values) == 0:
		return "", ReasonMissing
	case len(values) > 1:
		return "", ReasonSeveral
	case len(values[0]) > maxHeader:
		return "", ReasonTooLong
	case values[0] == "":
		return "", ReasonMissing
	}
	name, wire, _ := strings.Cut(values[0], " ")
	switch {
	case !strings.EqualFold(name, scheme):
		return "", ReasonScheme
	case wire == "":
		return "", ReasonMissing
	}
	return wire, ""
}
