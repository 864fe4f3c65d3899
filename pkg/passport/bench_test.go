package passport_test

import (
	"testing"

	"gatehouse.dev/gatehouse/pkg/passport"
)

// The bound for both is 10 µs.

func BenchmarkSign(b *testing.B) {
	k, p := keyring(b, key("k1", passport.Active)), alice()
	b.ReportAllocs()
	for b.Loop() {
		sign(b, k, p)
	}
}

func BenchmarkVerify(b *testing.B) {
	k := keyring(b, key("k1", passport.Active))
	wire := sign(b, k, alice())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Verify(wire, passport.AudienceAdmission, now); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkRefuse(b *testing.B) {
	k := keyring(b, key("k1", passport.Active))
	other := key("k1", passport.Active)
	other.Secret[31] ^= 1
	wire := sign(b, keyring(b, other), alice())
	b.ReportAllocs()
	for b.Loop() {
		if _, err := k.Verify(wire, passport.AudienceAdmission, now); err == nil {
			b.Fatal("accepted")
		}
	}
}
