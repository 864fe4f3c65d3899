package passport_test

import (
	"testing"
	"time"

	"gatehouse.dev/gatehouse/pkg/passport"
)

var now = time.Date(2026, 9, 15, 12, 0, 0, 0, time.UTC)

// key gives a key with a secret that depends on its id only.
func key(id string, state passport.State) passport.Key {
	secret := make([]byte, passport.MinSecret)
	copy(secret, "secret of "+id)
	return passport.Key{ID: id, Secret: secret, State: state}
}

func keyring(t testing.TB, keys ...passport.Key) *passport.Keyring {
	t.Helper()
	k, err := passport.NewKeyring(keys...)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func sign(t testing.TB, k *passport.Keyring, p passport.UserPassport) string {
	t.Helper()
	wire, err := k.Sign(p)
	if err != nil {
		t.Fatal(err)
	}
	return wire
}

// alice is a full passport of audience admission.
func alice() passport.UserPassport {
	return passport.UserPassport{
		Audience:      passport.AudienceAdmission,
		UserID:        "local:alice",
		Email:         "alice@acme.example",
		Groups:        []string{"local:acme", "local:research"},
		Permissions:   []string{"member"},
		Role:          "member",
		Organization:  "acme",
		Tier:          "standard",
		Namespace:     "claude-runner-user-alice",
		CorrelationID: "0190b2c4-7d1e-7c3a-9a55-6f1d1c2b3a40",
		Object: passport.Object{
			Group: "research.example.com", Kind: "ResearchSession",
			Namespace: "claude-runner-user-alice", Name: "first",
		},
		IssuedAt: now.Unix(),
	}
}

// bearer is alice's passport as a credential for the gateway, good for ten minutes.
func bearer() passport.UserPassport {
	p := alice()
	p.Audience = "gatehouse-gateway"
	p.NotBefore, p.Expires = now.Unix(), now.Add(10*time.Minute).Unix()
	return p
}
