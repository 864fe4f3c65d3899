package httpauth

import (
	"errors"
	"net/http"
	"time"

	"github.com/go-logr/logr"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// Options say whom an Authenticator believes.
type Options struct {
	// Audience is this service's own name, as passports for it carry it. It is never
	// passport.AudienceAdmission: what stands on stored objects is no credential.
	Audience string
	// Keys gives the present keyring, nil while none is loaded. It is asked on every
	// request, so a rotation or a revocation needs no restart.
	Keys func() *passport.Keyring
	// Now is the clock; nil means time.Now.
	Now func() time.Time
	// Logger is for requests whose context carries none; the zero value drops lines.
	Logger logr.Logger
	// Refused is told of every refusal with its reason, one of Reasons, for a counter;
	// may be nil. It is called by many goroutines at once.
	Refused func(reason string)
}

// Authenticator makes handlers that know their caller. It is safe for concurrent use.
type Authenticator struct {
	options   Options
	challenge string
}

// New checks the options, so that nothing is found out on a request.
func New(o Options) (*Authenticator, error) {
	switch {
	case o.Audience == "":
		return nil, errors.New("httpauth: Audience is not set")
	case o.Audience == passport.AudienceAdmission:
		return nil, errors.New("httpauth: audience admission is no credential")
	case o.Keys == nil:
		return nil, errors.New("httpauth: Keys is not set")
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Authenticator{options: o, challenge: "Bearer realm=" + quoted(o.Audience)}, nil
}

// Handler calls next for requests with a good passport that meets every requirement.
// Next finds the caller with From and a logger that names her with logr.FromContext;
// the Authorization header is gone by then, so that next cannot log or forward it by
// accident.
//
// Otherwise the answer is one line of text, the reason: 401 with WWW-Authenticate for
// no passport or a bad one, 403 where a requirement is not met, and 503 with
// Retry-After: 1 while no keyring is loaded.
func (a *Authenticator) Handler(next http.Handler, requirements ...Requirement) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		log, err := logr.FromContext(r.Context())
		if err != nil {
			log = a.options.Logger
		}
		caller, reason := a.caller(r.Header)
		if reason != "" {
			a.refuse(w, log, reason)
			return
		}
		log = log.WithValues("user", caller.UserID, "namespace", caller.Namespace, "correlation", caller.CorrelationID)
		for _, met := range requirements {
			if !met(caller) {
				a.refuse(w, log, ReasonForbidden)
				return
			}
		}
		r = r.WithContext(logr.NewContext(with(r.Context(), caller), log))
		r.Header = r.Header.Clone()
		r.Header.Del("Authorization")
		next.ServeHTTP(w, r)
	})
}

// caller gives whose passport the request carries, or a reason.
func (a *Authenticator) caller(header http.Header) (passport.UserPassport, string) {
	wire, reason := bearer(header)
	if reason != "" {
		return passport.UserPassport{}, reason
	}
	ring := a.options.Keys()
	if ring == nil {
		return passport.UserPassport{}, ReasonNoKey
	}
	p, err := ring.Verify(wire, a.options.Audience, a.options.Now())
	switch {
	case errors.Is(err, passport.ErrUnknownKey) && len(ring.IDs()) == 0:
		return passport.UserPassport{}, ReasonNoKey
	case err != nil:
		return passport.UserPassport{}, passport.Reason(err)
	}
	// Together with the rest of the passport the signature is the credential.
	p.Signature = ""
	return p, ""
}
