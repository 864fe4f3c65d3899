package httpauth

import (
	"io"
	"net/http"
	"strings"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// Reasons of refusals beside those of passport.Reason.
const (
	// ReasonMissing: no Authorization header, or an empty one.
	ReasonMissing = "missing"
	// ReasonSeveral: more than one Authorization header.
	ReasonSeveral = "several-headers"
	// ReasonScheme: an Authorization header of another scheme than Bearer.
	ReasonScheme = "other-scheme"
	// ReasonTooLong: an Authorization header of more than 8 KiB.
	ReasonTooLong = "too-long"
	// ReasonForbidden: a genuine passport that does not meet a requirement.
	ReasonForbidden = "forbidden"
	// ReasonNoKey: no keyring is loaded yet.
	ReasonNoKey = "no-key"
)

// Reasons lists every reason that a refusal may have: the values of a counter's label.
func Reasons() []string {
	all := []string{ReasonMissing, ReasonSeveral, ReasonScheme, ReasonTooLong, ReasonForbidden, ReasonNoKey}
	for _, err := range []error{
		passport.ErrMalformed, passport.ErrUnknownKey, passport.ErrRevokedKey, passport.ErrBadSignature,
		passport.ErrWrongAudience, passport.ErrExpired, passport.ErrNotYetValid,
	} {
		all = append(all, passport.Reason(err))
	}
	return all
}

// refuse counts, logs and answers. The reason is all that is ever shown.
func (a *Authenticator) refuse(w http.ResponseWriter, log logr.Logger, reason string) {
	if a.options.Refused != nil {
		a.options.Refused(reason)
	}
	log.V(1).Info("refused a request", "reason", reason, "audience", a.options.Audience)
	header := w.Header()
	header.Set("Content-Type", "text/plain; charset=utf-8")
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Cache-Control", "no-store")
	status := http.StatusUnauthorized
	switch reason {
	case ReasonNoKey:
		status = http.StatusServiceUnavailable
		header.Set("Retry-After", "1")
	case ReasonForbidden:
		status = http.StatusForbidden
		header.Set("WWW-Authenticate", a.challenge+`, error="insufficient_scope"`)
	case ReasonMissing:
		header.Set("WWW-Authenticate", a.challenge)
	case ReasonSeveral, ReasonScheme, ReasonTooLong:
		header.Set("WWW-Authenticate", a.challenge+`, error="invalid_request", error_description="`+reason+`"`)
	default:
		header.Set("WWW-Authenticate", a.challenge+`, error="invalid_token", error_description="`+reason+`"`)
	}
	w.WriteHeader(status)
	// The client may be gone; there is nobody else to tell.
	_, _ = io.WriteString(w, reason+"\n")
}

// quoted writes a quoted-string of RFC 9110.
func quoted(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}
