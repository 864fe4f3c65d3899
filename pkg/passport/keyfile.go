package passport

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"
)

// SecretName is the Secret that holds the keys, in the system namespace.
const SecretName = "gatehouse-passport-keys"

// SecretKey is the one data key of that Secret.
const SecretKey = "keyring.json"

// maxKeyFile is more than any Secret can hold.
const maxKeyFile = 1 << 20

// keyFile is the content of SecretKey.
type keyFile struct {
	Keys []keyEntry `json:"keys"`
}

type keyEntry struct {
	ID      string    `json:"id"`
	State   State     `json:"state"`
	Secret  []byte    `json:"secret,omitempty"`
	Created time.Time `json:"created,omitzero"`
}

// ParseSecretData reads the data of the Secret.
func ParseSecretData(data map[string][]byte) (*Keyring, error) {
	raw, ok := data[SecretKey]
	if !ok {
		return nil, fmt.Errorf("no data key %s", SecretKey)
	}
	return ParseKeyFile(raw)
}

// ParseKeyFile reads a keyring.json: {"keys":[{"id","state","secret","created"}]} with
// the secret in base64. Unknown fields are refused. Errors show nothing of the content
// but key ids.
func ParseKeyFile(raw []byte) (*Keyring, error) {
	if len(raw) > maxKeyFile {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", SecretKey, len(raw), maxKeyFile)
	}
	var f keyFile
	dec := json.NewDecoder(bytes.NewReader(raw))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&f); err != nil {
		// The decoder's own words may quote a value, and a value may be a secret.
		return nil, fmt.Errorf("%s: not a key file near byte %d", SecretKey, dec.InputOffset())
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%s: more data after byte %d", SecretKey, dec.InputOffset())
	}
	keys := make([]Key, len(f.Keys))
	for i, e := range f.Keys {
		keys[i] = Key{ID: e.ID, Secret: e.Secret, State: e.State, Created: e.Created}
	}
	k, err := NewKeyring(keys...)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", SecretKey, err)
	}
	return k, nil
}

// SecretData writes the data of the Secret; equal keyrings give equal bytes.
func (k *Keyring) SecretData() map[string][]byte {
	f := keyFile{Keys: []keyEntry{}}
	for _, key := range k.Keys() {
		f.Keys = append(f.Keys, keyEntry{ID: key.ID, State: key.State, Secret: key.Secret, Created: key.Created})
	}
	raw, err := json.Marshal(f)
	if err != nil {
		// Strings, bytes and a time whose year validate has seen: nothing can fail.
		panic("passport: encode the key file: " + err.Error())
	}
	return map[string][]byte{SecretKey: raw}
}
