package httpauth_test

import (
	"bytes"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/go-logr/logr/funcr"
	"github.com/google/go-cmp/cmp"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/passport/httpauth"
)

const audience = "models"

var now = time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC)

func key(id string, state passport.State) passport.Key {
	return passport.Key{ID: id, State: state, Secret: []byte(strings.Repeat(id+" secret ", 5))}
}

func keyring(t testing.TB, keys ...passport.Key) *passport.Keyring {
	t.Helper()
	k, err := passport.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func alice() passport.UserPassport {
	return passport.UserPassport{
		Audience: audience, UserID: "local:alice", Role: "member", Permissions: []string{"member"},
		Organization: "acme", Tier: "standard", Namespace: "claude-runner-user-alice", CorrelationID: "c-1",
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(10 * time.Minute).Unix(),
	}
}

func sign(t testing.TB, k *passport.Keyring, change func(*passport.UserPassport)) string {
	t.Helper()
	p := alice()
	if change != nil {
		change(&p)
	}
	wire, err := k.Sign(p)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

func authenticator(t testing.TB, o httpauth.Options) *httpauth.Authenticator {
	t.Helper()
	o.Audience, o.Now = audience, func() time.Time { return now }
	a, err := httpauth.New(o)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// answer is what a client sees.
type answer struct {
	Status                 int
	Challenge, Retry, Body string
}

func ask(h http.Handler, headers ...string) answer {
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	if headers != nil {
		r.Header["Authorization"] = headers
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return answer{w.Code, w.Header().Get("WWW-Authenticate"), w.Header().Get("Retry-After"), w.Body.String()}
}

func TestRefusals(t *testing.T) {
	ring := keyring(t, key("k1", passport.Active), key("k0", passport.Revoked))
	wire := sign(t, ring, nil)
	token := func(reason string) answer {
		return answer{401, `Bearer realm="models", error="invalid_token", error_description="` + reason + `"`, "", reason + "\n"}
	}
	request := func(reason string) answer {
		return answer{401, `Bearer realm="models", error="invalid_request", error_description="` + reason + `"`, "", reason + "\n"}
	}
	missing := answer{401, `Bearer realm="models"`, "", "missing\n"}
	parts := strings.Split(wire, ".")
	mac, err := base64.RawURLEncoding.DecodeString(parts[3])
	if err != nil {
		t.Fatal(err)
	}
	mac[0] ^= 1
	flipped := strings.Join(parts[:3], ".") + "." + base64.RawURLEncoding.EncodeToString(mac)
	other := sign(t, keyring(t, key("k2", passport.Active)), nil)
	tests := map[string]struct {
		headers []string
		want    answer
	}{
		"no header":         {nil, missing},
		"empty":             {[]string{""}, missing},
		"scheme alone":      {[]string{"Bearer"}, missing},
		"scheme and space":  {[]string{"Bearer "}, missing},
		"two headers":       {[]string{"Bearer " + wire, "Bearer " + wire}, request("several-headers")},
		"good after empty":  {[]string{"", "Bearer " + wire}, request("several-headers")},
		"two in one":        {[]string{"Bearer " + wire + ", Bearer " + wire}, token("malformed")},
		"basic":             {[]string{"Basic YWxpY2U6eA=="}, request("other-scheme")},
		"no scheme":         {[]string{wire}, request("other-scheme")},
		"tab":               {[]string{"Bearer\t" + wire}, request("other-scheme")},
		"8 KiB and a byte":  {[]string{"Bearer " + strings.Repeat("a", 8<<10-6)}, request("too-long")},
		"8 KiB":             {[]string{"Bearer " + strings.Repeat("a", 8<<10-7)}, token("malformed")},
		"a megabyte":        {[]string{"Bearer " + strings.Repeat("v1.k1.", 1<<20/6)}, request("too-long")},
		"two spaces":        {[]string{"Bearer  " + wire}, token("malformed")},
		"trailing space":    {[]string{"Bearer " + wire + " "}, token("malformed")},
		"nonsense":          {[]string{"Bearer x"}, token("malformed")},
		"a JWT":             {[]string{"Bearer eyJhbGciOiJub25lIn0.e30."}, token("malformed")},
		"padded":            {[]string{"Bearer " + wire + "="}, token("malformed")},
		"flipped MAC":       {[]string{"Bearer " + flipped}, token("bad-signature")},
		"unknown key":       {[]string{"Bearer " + other}, token("unknown-key")},
		"revoked key":       {[]string{"Bearer " + strings.Replace(wire, "v1.k1.", "v1.k0.", 1)}, token("revoked-key")},
		"expired":           {[]string{"Bearer " + sign(t, ring, func(p *passport.UserPassport) { p.IssuedAt, p.NotBefore, p.Expires = 1, 1, now.Unix() })}, token("expired")},
		"not yet valid":     {[]string{"Bearer " + sign(t, ring, func(p *passport.UserPassport) { p.NotBefore++ })}, token("not-yet-valid")},
		"another service's": {[]string{"Bearer " + sign(t, ring, func(p *passport.UserPassport) { p.Audience = "other" })}, token("wrong-audience")},
		"an object's": {[]string{"Bearer " + sign(t, ring, func(p *passport.UserPassport) {
			p.Audience, p.NotBefore, p.Expires = passport.AudienceAdmission, 0, 0
			p.Object = passport.Object{Kind: "Pod", Namespace: p.Namespace, Name: "p"}
		})}, token("wrong-audience")},
		"good":       {[]string{"Bearer " + wire}, answer{Status: 200}},
		"lower case": {[]string{"bearer " + wire}, answer{Status: 200}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var counted []string
			called := false
			a := authenticator(t, httpauth.Options{
				Keys:    func() *passport.Keyring { return ring },
				Refused: func(reason string) { counted = append(counted, reason) },
			})
			got := ask(a.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { called = true })), test.headers...)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("answer (-want +got):\n%s", diff)
			}
			if called != (test.want.Status == 200) {
				t.Errorf("the service was called: %v", called)
			}
			var want []string
			if test.want.Body != "" {
				want = []string{strings.TrimSpace(test.want.Body)}
			}
			if diff := cmp.Diff(want, counted); diff != "" {
				t.Errorf("counted (-want +got):\n%s", diff)
			}
			for _, reason := range counted {
				if !slices.Contains(httpauth.Reasons(), reason) {
					t.Errorf("reason %q is not listed", reason)
				}
			}
		})
	}
}

func TestNoKeyringAsksForARetry(t *testing.T) {
	wire := sign(t, keyring(t, key("k1", passport.Active)), nil)
	for name, ring := range map[string]*passport.Keyring{"none": nil, "empty": keyring(t)} {
		a := authenticator(t, httpauth.Options{Keys: func() *passport.Keyring { return ring }})
		got := ask(a.Handler(http.NotFoundHandler()), "Bearer "+wire)
		if diff := cmp.Diff(answer{503, "", "1", "no-key\n"}, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestRequirements(t *testing.T) {
	ring := keyring(t, key("k1", passport.Active))
	a := authenticator(t, httpauth.Options{Keys: func() *passport.Keyring { return ring }})
	never := func(passport.UserPassport) bool { return false }
	ok := http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})
	forbidden := answer{403, `Bearer realm="models", error="insufficient_scope"`, "", "forbidden\n"}
	for name, test := range map[string]struct {
		requires []httpauth.Requirement
		want     answer
	}{
		"nothing":            {nil, answer{Status: 200}},
		"her role":           {[]httpauth.Requirement{httpauth.Role("admin", "member")}, answer{Status: 200}},
		"another role":       {[]httpauth.Requirement{httpauth.Role("admin")}, forbidden},
		"no role at all":     {[]httpauth.Requirement{httpauth.Role()}, forbidden},
		"her permission":     {[]httpauth.Requirement{httpauth.Permission("member")}, answer{Status: 200}},
		"another permission": {[]httpauth.Requirement{httpauth.Permission("admin")}, forbidden},
		"all are needed":     {[]httpauth.Requirement{httpauth.Role("member"), never}, forbidden},
	} {
		if diff := cmp.Diff(test.want, ask(a.Handler(ok, test.requires...), "Bearer "+sign(t, ring, nil))); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
	// A bad passport is told so before anything is said about rights.
	if got := ask(a.Handler(ok, never), "Bearer x"); got.Status != 401 {
		t.Errorf("a bad passport with an unmet requirement: %+v", got)
	}
}

func TestWhatTheServiceSees(t *testing.T) {
	ring := keyring(t, key("k1", passport.Active))
	wire := sign(t, ring, nil)
	var lines bytes.Buffer
	logger := funcr.New(func(prefix, args string) { lines.WriteString(args + "\n") }, funcr.Options{Verbosity: 9})
	var caller passport.UserPassport
	var header string
	service := http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		caller, _ = httpauth.From(r.Context())
		header = r.Header.Get("Authorization")
		logr.FromContextOrDiscard(r.Context()).Info("served")
	})
	a := authenticator(t, httpauth.Options{Keys: func() *passport.Keyring { return ring }, Logger: logger})
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r.Header.Set("Authorization", "Bearer "+wire)
	a.Handler(service, httpauth.Role("member")).ServeHTTP(httptest.NewRecorder(), r)
	want := alice()
	want.Version, want.KeyID = "v1", "k1"
	if diff := cmp.Diff(want, caller); diff != "" {
		t.Errorf("caller (-want +got):\n%s", diff)
	}
	if header != "" || r.Header.Get("Authorization") == "" {
		t.Errorf("the service still sees the credential (%d bytes), or the caller's request was changed", len(header))
	}
	said := lines.String()
	for _, pair := range []string{`"user"="local:alice"`, `"namespace"="claude-runner-user-alice"`, `"correlation"="c-1"`} {
		if !strings.Contains(said, pair) {
			t.Errorf("the log lacks %s: %s", pair, said)
		}
	}
	// The context's own logger comes before the option's, and refusals show no token.
	lines.Reset()
	own := funcr.New(func(_, args string) { lines.WriteString("own " + args + "\n") }, funcr.Options{Verbosity: 9})
	for _, headers := range [][]string{{"Bearer " + wire}, {"Bearer " + wire + "x"}, {"Basic " + wire}, {"Bearer " + wire, wire}} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.Header["Authorization"] = headers
		a.Handler(service, httpauth.Role("nobody")).ServeHTTP(httptest.NewRecorder(), r.WithContext(logr.NewContext(r.Context(), own)))
	}
	said = lines.String()
	if strings.Count(said, "own ") != 4 || !strings.Contains(said, `"reason"="forbidden"`) {
		t.Errorf("log of refusals: %s", said)
	}
	for _, part := range strings.Split(wire, ".")[2:] {
		if strings.Contains(said, part) {
			t.Error("the log shows a part of the token")
		}
	}
	if _, ok := httpauth.From(t.Context()); ok {
		t.Error("a caller out of nowhere")
	}
}

func TestNewWantsEverything(t *testing.T) {
	keys := func() *passport.Keyring { return nil }
	for name, o := range map[string]httpauth.Options{
		"no audience": {Keys: keys}, "admission": {Audience: passport.AudienceAdmission, Keys: keys}, "no keys": {Audience: audience},
	} {
		if a, err := httpauth.New(o); err == nil || a != nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := httpauth.New(httpauth.Options{Audience: audience, Keys: keys}); err != nil {
		t.Error(err)
	}
}

func TestManyCallersKeepApart(t *testing.T) {
	ring := keyring(t, key("k1", passport.Active))
	a := authenticator(t, httpauth.Options{Keys: func() *passport.Keyring { return ring }})
	h := a.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p, _ := httpauth.From(r.Context())
		_, _ = w.Write([]byte(p.UserID))
	}))
	var all sync.WaitGroup
	for _, user := range []string{"local:alice", "local:bob", "local:carol", "local:dave"} {
		wire := sign(t, ring, func(p *passport.UserPassport) { p.UserID = user })
		all.Go(func() {
			for range 50 {
				if got := ask(h, "Bearer "+wire); got.Body != user {
					t.Errorf("%s was taken for %q", user, got.Body)
				}
			}
		})
	}
	all.Wait()
}

func TestChallengeQuotesTheAudience(t *testing.T) {
	a, err := httpauth.New(httpauth.Options{Audience: `a"b\c`, Keys: func() *passport.Keyring { return nil }})
	if err != nil {
		t.Fatal(err)
	}
	if got := ask(a.Handler(http.NotFoundHandler())).Challenge; got != `Bearer realm="a\"b\\c"` {
		t.Errorf("challenge %s", got)
	}
}
