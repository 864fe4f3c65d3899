// Package issuer is the OIDC provider of the local cluster: a certified library's
// protocol over a fixed list of users. It may import that library and package pki.
package issuer

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/json"
	"fmt"
	"os"
)

// ClientID is the one client that the provider knows; tokens are issued to it.
const ClientID = "gatehouse-local"

// User is somebody who can log in, and the claims of her tokens.
type User struct {
	Login   string // what is typed into the form
	Subject string // sub
	Claims  map[string]any
	Sample  bool // of the sample platform: gets a kubeconfig
}

// Users are the people of the sample platform, and strangers that tests use to see
// refusals. Anybody's token is had by `cluster token LOGIN`.
var Users = []User{
	sample("alice", "Alice Archer", "acme"),
	sample("carol", "Carol Carver", "acme"),
	sample("bob", "Bob Baker", "globex"),
	sample("dave", "Dave Dyer", "globex"),
	sample("erin", "Erin Eames", "initech"), // of no organization that the platform knows

	// Her issuer says that the address is not hers: no entry.
	{Login: "mallory-unverified", Subject: "mallory-unverified", Claims: map[string]any{
		"email": "alice@acme.example", "email_verified": false, "name": "Mallory Mask",
	}},
	// He claims groups of Kubernetes and of Gatehouse: they come out prefixed.
	{Login: "mallory-groups", Subject: "mallory-groups", Claims: map[string]any{
		"email": "mallory@evil.example", "email_verified": true, "name": "Mallory Many",
		"groups": []string{"system:masters", "gatehouse:platform-admins", "gatehouse:users"},
	}},
	// His sub tries to be a Kubernetes user: it comes out prefixed.
	{Login: "mallory-system", Subject: "system:admin", Claims: map[string]any{
		"email": "mallory@evil.example", "email_verified": true, "name": "Mallory Master",
	}},
	// A sub as other issuers form them: no name for an object.
	{Login: "odd-subject", Subject: `auth0|Zoë.O'Hara/7 "x"--Y`, Claims: map[string]any{
		"email": "zoe@initech.example", "email_verified": true, "name": "Zoë O'Hara",
	}},
	// An issuer that sends no email_verified at all, as Microsoft: entry without email.
	{Login: "no-verified-claim", Subject: "no-verified-claim", Claims: map[string]any{
		"email": "frank@initech.example", "name": "Frank Field",
	}},
	// Nothing but a subject.
	{Login: "bare", Subject: "bare", Claims: map[string]any{}},
}

func sample(name, full, organization string) User {
	return User{Login: name, Subject: name, Sample: true, Claims: map[string]any{
		"email":          name + "@" + organization + ".example",
		"email_verified": true,
		"name":           full,
		"groups":         []string{organization},
	}}
}

// Samples are the logins of the sample platform's people.
func Samples() []string {
	var names []string
	for _, user := range Users {
		if user.Sample {
			names = append(names, user.Login)
		}
	}
	return names
}

// Find returns the user with a login.
func Find(login string) (User, bool) {
	for _, user := range Users {
		if user.Login == login {
			return user, true
		}
	}
	return User{}, false
}

// Passwords are made anew for each cluster: loopback is open to everybody on the machine.
type Passwords map[string]string

// NewPasswords makes one for each user.
func NewPasswords() Passwords {
	passwords := Passwords{}
	for _, user := range Users {
		passwords[user.Login] = rand.Text()
	}
	return passwords
}

// Check compares in constant time.
func (p Passwords) Check(login, password string) bool {
	want, found := p[login]
	return found && subtle.ConstantTimeCompare([]byte(want), []byte(password)) == 1
}

// Write stores the passwords where only their owner reads them.
func (p Passwords) Write(path string) error {
	text, err := json.Marshal(p)
	if err != nil {
		return fmt.Errorf("write passwords: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("write passwords: %w", err)
	}
	return nil
}

// ReadPasswords reads what Write stored.
func ReadPasswords(path string) (Passwords, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read passwords: %w", err)
	}
	var passwords Passwords
	if err := json.Unmarshal(text, &passwords); err != nil {
		return nil, fmt.Errorf("read passwords: %s is damaged", path)
	}
	return passwords, nil
}
