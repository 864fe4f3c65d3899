package httpauth_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"gatehouse.dev/gatehouse/pkg/passport"
	"gatehouse.dev/gatehouse/pkg/passport/httpauth"
)

// A service that admits members and admins, and tells people their own name.
func Example() {
	// A real service fills this with passport.ParseKeyFile, at its start and again
	// whenever the mounted key Secret changes.
	var keys atomic.Pointer[passport.Keyring]
	key, err := passport.NewKey(time.Now())
	if err != nil {
		panic(err)
	}
	key.State = passport.Active
	ring, err := passport.NewKeyring(key)
	if err != nil {
		panic(err)
	}
	keys.Store(ring)

	auth, err := httpauth.New(httpauth.Options{
		Audience: "models",
		Keys:     keys.Load,
		Refused:  func(reason string) { fmt.Fprintln(os.Stdout, "counted:", reason) },
	})
	if err != nil {
		panic(err)
	}
	whoami := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		caller, _ := httpauth.From(r.Context())
		fmt.Fprintf(w, "you are %s of %s\n", caller.UserID, caller.Organization)
	})
	handler := auth.Handler(whoami, httpauth.Role("member", "admin"))

	// What a caller sends.
	now := time.Now()
	wire, err := ring.Sign(passport.UserPassport{
		Audience: "models", UserID: "local:alice", Organization: "acme", Role: "member",
		IssuedAt: now.Unix(), NotBefore: now.Unix(), Expires: now.Add(10 * time.Minute).Unix(),
	})
	if err != nil {
		panic(err)
	}
	for _, header := range []string{"Bearer " + wire, "Bearer " + strings.Replace(wire, "v1.", "v2.", 1)} {
		r := httptest.NewRequest(http.MethodGet, "/whoami", nil)
		r.Header.Set("Authorization", header)
		w := httptest.NewRecorder()
		handler.ServeHTTP(w, r)
		fmt.Print(w.Code, " ", w.Body)
	}
	// Output:
	// 200 you are local:alice of acme
	// counted: malformed
	// 401 malformed
}
