package passport

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/sha256"
	"hash"
	"sync"
)

// mac appends the HMAC-SHA256 of data under a key that it keeps to itself.
type mac func(to, data []byte) []byte

// derive gives what makes the MACs of an audience.
func (r *ring) derive(audience string) mac {
	key, err := hkdf.Key(sha256.New, r.secret(), nil, "gatehouse passport "+audience, sha256.Size)
	if err != nil {
		// HKDF fails only for output lengths over 255 hashes and, in FIPS mode, for
		// keys under 14 bytes: neither can be here.
		panic("passport: derive a key: " + err.Error())
	}
	// Each has hashed the key already, which is half of the work.
	ready := sync.Pool{New: func() any { return hmac.New(sha256.New, key) }}
	return func(to, data []byte) []byte {
		h, _ := ready.Get().(hash.Hash)
		defer ready.Put(h)
		h.Reset()
		h.Write(data)
		return h.Sum(to)
	}
}

// macOf is derive with a memory: audiences come from our own code and configuration,
// never from a passport, so there are few.
func (r *ring) macOf(audience string) mac {
	if audience == AudienceAdmission {
		return r.admission
	}
	if v, ok := r.derived.Load(audience); ok {
		return v.(mac)
	}
	v, _ := r.derived.LoadOrStore(audience, r.derive(audience))
	return v.(mac)
}
